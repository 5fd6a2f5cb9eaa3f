import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rigOf } from '../notifying.ts'

const ENTRY = { Source: 'shop', DetailType: 'Order', Detail: '{"n":1}' }

describe('PutEvents', () => {
  test('has functions run for what their rules match, each event for itself', async (t) => {
    const { events, fired } = await rigOf(t)
    const { status, headers, text } = await events('PutEvents', {
      Entries: [
        { ...ENTRY, Time: 1_772_820_000.5, Resources: ['arn:x'] },
        { ...ENTRY, Source: 'bank' },
        { ...ENTRY, EventBusName: 'arn:aws:events:us-east-1:123456789012:event-bus/orders' },
      ],
    })
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/x-amz-json-1.1')
    const { FailedEntryCount, Entries } = JSON.parse(text) as {
      FailedEntryCount: number
      Entries: { EventId: string }[]
    }
    assert.equal(FailedEntryCount, 0)
    const [first] = fired
    assert.deepEqual(
      fired.map(({ functionName }) => functionName),
      ['f', 'ordered'],
    )
    assert.deepEqual(first?.event, {
      version: '0',
      id: Entries[0]?.EventId,
      'detail-type': 'Order',
      source: 'shop',
      account: '123456789012',
      time: '2026-03-06T18:00:00Z',
      region: 'us-east-1',
      resources: ['arn:x'],
      detail: { n: 1 },
    })
  })

  test('says of each entry what is wrong with it', async (t) => {
    const { events } = await rigOf(t)
    const { Source: _, ...noSource } = ENTRY
    const { text } = await events('PutEvents', {
      Entries: [
        noSource,
        { ...ENTRY, DetailType: '' },
        { ...ENTRY, Detail: undefined },
        { ...ENTRY, Detail: '[1]' },
        { ...ENTRY, Detail: 'text' },
        { ...ENTRY, Source: 'aws.s3' },
        ENTRY,
      ],
    })
    const { FailedEntryCount, Entries } = JSON.parse(text) as {
      FailedEntryCount: number
      Entries: Record<string, string>[]
    }
    assert.equal(FailedEntryCount, 6)
    assert.deepEqual(
      Entries.map(({ ErrorCode: code, ErrorMessage: message }) => code && `${code}: ${message}`),
      [
        'InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.',
        'InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required argument.',
        'InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.',
        'MalformedDetail: Detail is malformed.',
        'MalformedDetail: Detail is malformed.',
        'NotAuthorizedForSourceException: Not authorized for the source.',
        undefined,
      ],
    )
  })

  test('fails an entry whose function cannot be had, so that its sender comes again', async (t) => {
    const { events } = await rigOf(t, async () => {
      throw new Error('the disk is full')
    })
    const { text } = await events('PutEvents', { Entries: [ENTRY] })
    assert.deepEqual(JSON.parse(text), {
      FailedEntryCount: 1,
      Entries: [{ ErrorCode: 'InternalFailure', ErrorMessage: 'the disk is full' }],
    })
  })

  for (const [what, input, code, message] of [
    ['no entry', { Entries: [] }, 'ValidationException', /length greater than or equal to 1$/],
    [
      'eleven entries',
      { Entries: Array.from({ length: 11 }, () => ENTRY) },
      'ValidationException',
      /length less than or equal to 10$/,
    ],
    [
      'too much',
      { Entries: [{ ...ENTRY, Detail: JSON.stringify({ x: 'ü'.repeat(131_100) }) }] },
      'ValidationException',
      /^Total size of the entries in the request is over the limit\.$/,
    ],
    ['no JSON', '{', 'SerializationException', /no JSON object/],
  ] as const) {
    test(`refuses ${what} as a whole`, async (t) => {
      const { events, fired } = await rigOf(t)
      const { status, headers, text } = await events('PutEvents', input)
      assert.equal(status, 400)
      const answer = JSON.parse(text) as { __type: string; message: string }
      assert.equal(answer.__type, code)
      assert.equal(headers['x-amzn-errortype'], code)
      assert.match(answer.message, message)
      assert.deepEqual(fired, [])
    })
  }
})

describe('TestEventPattern', () => {
  const event = JSON.stringify({
    id: '1',
    account: '123456789012',
    source: 'shop',
    time: '2026-03-06T18:00:00Z',
    region: 'us-east-1',
    'detail-type': 'Order',
  })

  test('says whether a pattern matches an event', async (t) => {
    const { events } = await rigOf(t)
    for (const [pattern, Result] of [
      ['{"source":["shop"]}', true],
      ['{"source":["bank"]}', false],
    ] as const) {
      const { text } = await events('TestEventPattern', { EventPattern: pattern, Event: event })
      assert.deepEqual(JSON.parse(text), { Result })
    }
  })

  test('refuses what is no pattern, and what is no event', async (t) => {
    const { events } = await rigOf(t)
    const pattern = await events('TestEventPattern', { EventPattern: '{"a":[]}', Event: event })
    assert.deepEqual(
      [pattern.status, JSON.parse(pattern.text)],
      [
        400,
        {
          __type: 'InvalidEventPatternException',
          message: 'Event pattern is not valid. Reason: Empty arrays are not allowed',
        },
      ],
    )
    for (const bad of ['plain', '["a"]', '{"a":1}']) {
      const { text } = await events('TestEventPattern', { EventPattern: '{"a":[1]}', Event: bad })
      assert.deepEqual(JSON.parse(text), {
        __type: 'ValidationException',
        message: 'Parameter Event is not valid.',
      })
    }
  })
})
