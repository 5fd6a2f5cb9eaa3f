import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { InputTransformer } from '../../src/model/background.ts'
import { compileTargetInput } from '../../src/bus/target-input.ts'

const EVENT = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'update account',
  source: 'accounts',
  time: '2026-03-06T18:00:00Z',
  resources: ['arn:one', 'arn:two'],
  detail: {
    user: '0a78',
    quoted: 'say "hi"',
    list: ['HIGH'],
    lists: ['ACTIVE', 'INACTIVE'],
    valid: true,
    count: 3,
    payload: { acc: '0a78', sf: 'baz' },
  },
}
const FACTS = {
  ruleArn: 'arn:aws:events:us-east-1:123456789012:rule/orders/r',
  ruleName: 'r',
  ingestionTime: '2026-03-06T18:00:01.000Z',
}

const transformed = (
  inputTemplate: string,
  inputPathsMap: InputTransformer['inputPathsMap'],
): string =>
  compileTargetInput({ inputTransformer: { inputPathsMap, inputTemplate } })(EVENT, FACTS)

describe('A target gets', () => {
  test('the event', () => {
    assert.deepEqual(JSON.parse(compileTargetInput({})(EVENT, FACTS)), EVENT)
  })

  test('its constant input as it is written', () => {
    assert.equal(compileTargetInput({ input: '{"a" : 1}' })(EVENT, FACTS), '{"a" : 1}')
  })

  for (const [inputPath, json] of [
    ['$.detail.payload', '{"acc":"0a78","sf":"baz"}'],
    ['$.detail.payload.sf', '"baz"'],
    ['$.resources[1]', '"arn:two"'],
    ["$['detail-type']", '"update account"'],
    ['$.detail-type', '"update account"'],
    ['$.detail.nothing', 'null'],
    ['$.detail.toString', 'null'],
  ] as const) {
    test(`what ${inputPath} leads to`, () => {
      assert.equal(compileTargetInput({ inputPath })(EVENT, FACTS), json)
    })
  }
})

/** Recorded on AWS, with other values. */
const TEMPLATES: readonly (readonly [template: string, result: unknown])[] = [
  ['"Event of <type>, by <user>, with <missing>"', 'Event of update account, by 0a78, with '],
  [
    '{"type": <type>, "user": <user>, "missing": <missing>}',
    { type: 'update account', user: '0a78', missing: '' },
  ],
  [
    '{"path": "users/<user>/second/<user>", "body": <payload>}',
    { path: 'users/0a78/second/0a78', body: { acc: '0a78', sf: 'baz' } },
  ],
  ['{"a": {"b": [<user>, "hardcoded", <count>]}}', { a: { b: ['0a78', 'hardcoded', 3] } }],
  [
    '"Payload of <payload>, <list>, <lists>"',
    'Payload of {acc:0a78,sf:baz}, [HIGH], [ACTIVE,INACTIVE]',
  ],
  ['{"list": <lists>}', { list: ['ACTIVE', 'INACTIVE'] }],
  ['"Command is <valid>, <count> times"', 'Command is true, 3 times'],
  ['"{[/Check <type>"', '{[/Check update account'],
  ['{"quoted": "<quoted>", "again": <quoted>}', { quoted: 'say "hi"', again: 'say "hi"' }],
  ['"a \\"<user>\\" b"', 'a "0a78" b'],
  [
    '"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"',
    Object.values(FACTS).join(' '),
  ],
]

describe('A template', () => {
  const paths = {
    type: '$.detail-type',
    user: '$.detail.user',
    quoted: '$.detail.quoted',
    list: '$.detail.list',
    lists: '$.detail.lists',
    valid: '$.detail.valid',
    count: '$.detail.count',
    payload: '$.detail.payload',
    missing: '$.detail.missing',
  }
  for (const [template, result] of TEMPLATES) {
    test(template, () => {
      assert.deepEqual(JSON.parse(transformed(template, paths)), result)
    })
  }

  test('has the whole event, and the event without its detail', () => {
    const json = transformed('{"all": <aws.events.event.json>, "about": <aws.events.event>}', {})
    const { all, about } = JSON.parse(json) as { all: unknown; about: Record<string, unknown> }
    assert.deepEqual(all, EVENT)
    assert.equal(about['detailType'], 'update account')
    assert.equal('detail' in about || 'detail-type' in about, false)
  })

  test('of several lines comes as one text', () => {
    const json = transformed('"<user> one"\n"<user> two"', paths)
    assert.equal(JSON.parse(json), '"0a78 one"\n"0a78 two"')
  })
})

describe('Input is refused', () => {
  for (const [what, target, message] of [
    ['that is no JSON', { input: 'hello' }, /the input is no JSON: hello/],
    ['by a path that is none', { inputPath: 'detail' }, /detail is no JSON path/],
    ['by a path that goes on oddly', { inputPath: '$.a[x]' }, /\$\.a\[x\] is no JSON path/],
    [
      'by a template that asks for what nobody defines',
      { inputTransformer: { inputPathsMap: {}, inputTemplate: '"<who>"' } },
      /^InputTemplate contains invalid placeholder who\.$/,
    ],
    [
      'where there are two of them',
      { input: '1', inputPath: '$' },
      /^Only one of Input, InputPath, or InputTransformer must be provided/,
    ],
  ] as const) {
    test(what, () => {
      assert.throws(() => compileTargetInput(target), { name: 'InputError', message })
    })
  }
})
