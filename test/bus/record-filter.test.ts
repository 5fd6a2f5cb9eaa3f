import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PatternError } from '../../src/bus/pattern-error.ts'
import { compileRecordFilter } from '../../src/bus/record-filter.ts'

const ORDER = '{"body":{"kind":["order"]}}'

function passes(patterns: readonly string[], body: string, more: object = {}): boolean {
  return compileRecordFilter(patterns)({ body, ...more })
}

describe('The filter criteria of a mapping', () => {
  test('let everything through where there are none', () => assert.ok(passes([], 'anything')))

  test('look into bodies that are JSON, and keep out all others', () => {
    assert.ok(passes([ORDER], '{"kind":"order"}'))
    for (const body of ['{"kind":"other"}', 'order', '"order"', '7', '{']) {
      assert.ok(!passes([ORDER], body), body)
    }
  })

  test('look at texts, and keep out JSON', () => {
    const pattern = '{"body":[{"prefix":"or"}]}'
    assert.ok(passes([pattern], 'order'))
    assert.ok(!passes([pattern], 'other'))
    assert.ok(!passes(['{"body":[{"exists":true}]}'], '{"kind":"order"}'))
  })

  test('look at the rest of a record whatever its body is', () => {
    const pattern = '{"attributes":{"SenderId":["1"]}}'
    for (const body of ['text', '{"a":1}']) {
      assert.ok(passes([pattern], body, { attributes: { SenderId: '1' } }))
      assert.ok(!passes([pattern], body, { attributes: { SenderId: '2' } }))
    }
  })

  test('are met by one of several', () => {
    assert.ok(passes([ORDER, '{"body":["text"]}'], 'text'))
    assert.ok(!passes([ORDER, '{"body":["text"]}'], 'other'))
  })

  for (const pattern of ['', '[]', '7', '{}', '{"body":7}', '{"body":[]}']) {
    test(`cannot be ${pattern === '' ? 'nothing' : pattern}`, () => {
      assert.throws(() => compileRecordFilter([pattern]), PatternError)
    })
  }
})
