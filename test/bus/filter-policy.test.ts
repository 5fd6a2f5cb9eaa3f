import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileFilterPolicy } from '../../src/bus/filter-policy.ts'
import type { MessageAttribute } from '../../src/queue/queue.ts'

const byAttributes = (policy: unknown, attributes: Record<string, MessageAttribute>): boolean =>
  compileFilterPolicy(JSON.stringify(policy), 'MessageAttributes')({ message: '{}', attributes })

const byBody = (policy: unknown, message: string): boolean =>
  compileFilterPolicy(JSON.stringify(policy), 'MessageBody')({ message, attributes: {} })

const string = (value: string): MessageAttribute => ({ dataType: 'String', value })
const number = (value: string): MessageAttribute => ({ dataType: 'Number', value })

describe('A filter policy of attributes', () => {
  test('looks at texts and numbers, each as what it is', () => {
    assert.equal(byAttributes({ a: ['x'] }, { a: string('x') }), true)
    assert.equal(byAttributes({ a: [{ numeric: ['>', 0, '<=', 100] }] }, { a: number('99') }), true)
    assert.equal(
      byAttributes({ a: [{ numeric: ['>', 0, '<=', 100] }] }, { a: number('111') }),
      false,
    )
    assert.equal(byAttributes({ a: [5] }, { a: number('5.0') }), true)
    assert.equal(byAttributes({ a: [5] }, { a: string('5') }), false)
    assert.equal(byAttributes({ a: ['5'] }, { a: number('5') }), false)
  })

  test('looks into lists of texts', () => {
    const list = { dataType: 'String.Array', value: '["x",1,null]' }
    assert.equal(byAttributes({ a: ['x'] }, { a: list }), true)
    assert.equal(byAttributes({ a: ['1'] }, { a: list }), false)
    assert.equal(byAttributes({ a: [{ 'anything-but': ['x', 'y'] }] }, { a: list }), true)
  })

  test('knows types with labels of their own', () => {
    assert.equal(byAttributes({ a: [5] }, { a: { dataType: 'Number.int', value: '5' } }), true)
    assert.equal(byAttributes({ a: ['x'] }, { a: { dataType: 'String.name', value: 'x' } }), true)
  })

  test('does not see bytes', () => {
    const bytes = { dataType: 'Binary', value: Buffer.from('x') }
    assert.equal(byAttributes({ a: [{ exists: true }] }, { a: bytes }), false)
    assert.equal(byAttributes({ a: [{ exists: false }] }, { a: bytes }), true)
  })

  test('wants all attributes, or one of two alternatives', () => {
    const attributes = { a: string('x'), b: string('y') }
    assert.equal(byAttributes({ a: ['x'], b: ['z'] }, attributes), false)
    assert.equal(byAttributes({ $or: [{ a: ['z'] }, { b: ['y'] }] }, attributes), true)
    assert.equal(byAttributes({ a: [null, { 'anything-but': 'w' }] }, {}), false)
  })

  test('has no parts', () => {
    const message = 'Filter policy scope MessageAttributes does not support nested filter policy'
    for (const policy of [{ a: { b: ['x'] } }, { $or: [{ a: ['x'] }, { b: { c: ['x'] } }] }]) {
      assert.throws(() => byAttributes(policy, {}), { message })
    }
  })
})

describe('A filter policy of the body', () => {
  test('looks into JSON', () => {
    assert.equal(byBody({ a: { b: [{ prefix: 'x' }] } }, '{"a":{"b":"xy"}}'), true)
    assert.equal(byBody({ a: { b: [{ prefix: 'x' }] } }, '{"a":{"b":"y"}}'), false)
  })

  test('keeps out what is no object', () => {
    for (const message of ['plain', '"text"', '5', '["a"]', '']) {
      assert.equal(byBody({ a: [{ exists: false }] }, message), false, message)
    }
  })
})

test('A policy that is none is refused with the reason', () => {
  assert.throws(() => byBody({ a: 'x' }, '{}'), { message: '"a" must be an object or an array' })
  assert.throws(() => compileFilterPolicy('{', 'MessageBody'), { name: 'PatternError' })
})
