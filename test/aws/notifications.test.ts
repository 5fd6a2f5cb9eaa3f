import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Fire } from '../../src/bus/fire.ts'
import { createNotifications } from '../../src/bus/notifications.ts'
import { realClock } from '../../src/lib/clock.ts'
import type { Background } from '../../src/model/app.ts'
import type { Received } from './send.ts'
import { appOf, okOutcome, serveAws } from './serve.ts'

const PLACE = { file: 'serverless.yml', line: 1, column: 1 }
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:t'

const BACKGROUND: Background = {
  queues: [],
  queueSources: [],
  schedules: [],
  rules: [
    {
      name: 'r',
      bus: 'default',
      pattern: '{"source":["shop"]}',
      functionName: 'f',
      enabled: true,
      place: PLACE,
    },
    {
      name: 'r',
      bus: 'orders',
      pattern: '{"source":[{"prefix":""}]}',
      functionName: 'ordered',
      enabled: true,
      place: PLACE,
    },
  ],
  topics: [
    { name: 'content.fifo', contentBasedDeduplication: true, place: PLACE },
    { name: 'plain.fifo', contentBasedDeduplication: false, place: PLACE },
  ],
  subscriptions: [
    {
      topic: 't',
      target: { functionName: 'f' },
      filterScope: 'MessageAttributes',
      rawDelivery: false,
      place: PLACE,
    },
  ],
  bucketNotifications: [
    {
      bucket: 'photos',
      functionName: 'f',
      events: ['s3:ObjectCreated:*'],
      prefix: 'in/',
      suffix: '',
      place: PLACE,
    },
  ],
  asyncConfigs: {},
}

interface Rig {
  readonly fired: { readonly functionName: string; readonly event: Record<string, unknown> }[]
  readonly errors: unknown[]
  readonly events: (operation: string, input: unknown) => Promise<Received>
  readonly sns: (params: Readonly<Record<string, string>>) => Promise<Received>
  readonly s3: (body: unknown, method?: string) => Promise<Received>
}

async function rigOf(t: TestContext, fire: Fire = async () => {}): Promise<Rig> {
  const fired: { functionName: string; event: Record<string, unknown> }[] = []
  const notifications = createNotifications({
    clock: realClock,
    fire: async (functionName, json, cause) => {
      await fire(functionName, json, cause)
      fired.push({ functionName, event: JSON.parse(json) as Record<string, unknown> })
    },
  })
  const app = { ...appOf([]), background: BACKGROUND }
  notifications.configure(app)
  const served = await serveAws(t, app, () => okOutcome('1'), { notifications })
  return {
    fired,
    errors: served.errors,
    events: (operation, input) =>
      served.send('/', {
        method: 'POST',
        headers: {
          'x-amz-target': `AWSEvents.${operation}`,
          'content-type': 'application/x-amz-json-1.1',
        },
        body: typeof input === 'string' ? input : JSON.stringify(input),
      }),
    sns: (params) =>
      served.send('/', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: new URLSearchParams({ Version: '2010-03-31', ...params }).toString(),
      }),
    s3: (body, method = 'POST') =>
      served.send('/_spillway/s3', {
        method,
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  }
}

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

const PUBLISH = { Action: 'Publish', TopicArn: TOPIC, Message: 'hello' }

function attribute(
  at: number,
  name: string,
  more: Readonly<Record<string, string>>,
): Record<string, string> {
  const entry = `MessageAttributes.entry.${at}`
  const values = Object.entries(more).map(([key, value]) => [`${entry}.Value.${key}`, value])
  return { [`${entry}.Name`]: name, ...Object.fromEntries(values) }
}

describe('Publish', () => {
  test('has subscribed functions run, and answers with the id of the message', async (t) => {
    const { sns, fired } = await rigOf(t)
    const { status, headers, text } = await sns({
      ...PUBLISH,
      Message: 'hällo & <more>\n',
      Subject: 'subj',
      ...attribute(1, 'k', { DataType: 'String', StringValue: 'v' }),
      ...attribute(2, 'b', { DataType: 'Binary', BinaryValue: 'AgME' }),
    })
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'text/xml')
    const [, id] =
      /<PublishResult><MessageId>([\da-f-]{36})<\/MessageId><\/PublishResult>/.exec(text) ?? []
    const [record] = fired[0]?.event['Records'] as { Sns: Record<string, unknown> }[]
    assert.equal(record?.Sns['MessageId'], id)
    assert.equal(record?.Sns['Message'], 'hällo & <more>\n')
    assert.deepEqual(record?.Sns['MessageAttributes'], {
      k: { Type: 'String', Value: 'v' },
      b: { Type: 'Binary', Value: 'AgME' },
    })
  })

  test('takes the topic as a target, and in a query', async (t) => {
    const { sns, fired } = await rigOf(t)
    await sns({ Action: 'Publish', TargetArn: TOPIC, Message: 'm' })
    assert.equal(fired.length, 1)
  })

  test('numbers what goes to a FIFO topic', async (t) => {
    const { sns } = await rigOf(t)
    const { text } = await sns({
      ...PUBLISH,
      TopicArn: `${TOPIC.slice(0, -1)}content.fifo`,
      MessageGroupId: 'g',
    })
    assert.match(text, /<SequenceNumber>\d{20}<\/SequenceNumber>/)
  })

  test('answers 500 where a function cannot be had, so that its sender comes again', async (t) => {
    const { sns, errors } = await rigOf(t, async () => {
      throw new Error('the disk is full')
    })
    const { status, text } = await sns(PUBLISH)
    assert.equal(status, 500)
    assert.match(text, /<Type>Receiver<\/Type><Code>InternalError<\/Code><Message>the disk is full/)
    assert.deepEqual(errors, [])
  })

  const string = (name: string, value: Record<string, string>): Record<string, string> =>
    attribute(1, name, { DataType: 'String', StringValue: 'x', ...value })
  for (const [params, code, message] of [
    [
      { TopicArn: 'x' },
      'InvalidParameter',
      'Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1',
    ],
    [{ TopicArn: `${TOPIC}2` }, 'NotFound', 'Topic does not exist'],
    [{ TopicArn: TOPIC.replace(/t$/, 'toString') }, 'NotFound', 'Topic does not exist'],
    [
      { PhoneNumber: '+1' },
      'InvalidParameter',
      'Invalid parameter: PhoneNumber Reason: SMS is not served',
    ],
    [{ Message: '' }, 'InvalidParameter', 'Invalid parameter: Empty message'],
    [{ Subject: '' }, 'InvalidParameter', 'Invalid parameter: Subject'],
    [{ Subject: 'a\nb' }, 'InvalidParameter', 'Invalid parameter: Subject'],
    [{ Message: 'ü'.repeat(131_073) }, 'InvalidParameter', 'Invalid parameter: Message too long'],
    [
      { Message: 'x'.repeat(262_140), ...string('k', {}) },
      'InvalidParameter',
      'Invalid parameter: Message too long',
    ],
    [
      { MessageStructure: 'json' },
      'InvalidParameter',
      'Invalid parameter: Message Structure - JSON message body failed to parse',
    ],
    [
      { MessageStructure: 'json', Message: '{"default":5}' },
      'InvalidParameter',
      'Invalid parameter: Message Structure - No default entry in JSON message body',
    ],
    [
      { MessageDeduplicationId: 'd' },
      'InvalidParameter',
      'Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
    ],
    [
      { TopicArn: TOPIC.replace(/t$/, 'plain.fifo') },
      'InvalidParameter',
      'Invalid parameter: The MessageGroupId parameter is required for FIFO topics',
    ],
    [
      { TopicArn: TOPIC.replace(/t$/, 'plain.fifo'), MessageGroupId: 'g' },
      'InvalidParameter',
      'Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    ],
    [
      string('k', { StringValue: '' }),
      'ParameterValueInvalid',
      "The message attribute 'k' must contain non-empty message attribute value for message attribute type 'String'.",
    ],
    [
      attribute(1, 'k', { DataType: 'Number', BinaryValue: 'AA==' }),
      'ParameterValueInvalid',
      "The message attribute 'k' with type 'Number' must use field 'String'.",
    ],
    [
      string('k', { DataType: 'Binary' }),
      'ParameterValueInvalid',
      "The message attribute 'k' with type 'Binary' must use field 'Binary'.",
    ],
    [
      string('k', { DataType: 'Stringified' }),
      'ParameterValueInvalid',
      "The message attribute 'k' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
    ],
    [
      attribute(1, 'k', { StringValue: 'x' }),
      'ValidationError',
      "1 validation error detected: Value null at 'messageAttributes.k.member.dataType' failed to satisfy constraint: Member must not be null",
    ],
    [
      string('k^', {}),
      'ParameterValueInvalid',
      "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
    ],
    [
      string('.k', {}),
      'ParameterValueInvalid',
      "Invalid message attribute name starting with character '.' was found.",
    ],
    [
      string('k.', {}),
      'ParameterValueInvalid',
      "Invalid message attribute name ending with character '.' was found.",
    ],
    [
      string('k..k', {}),
      'ParameterValueInvalid',
      "Message attribute name can not have successive '.' character.",
    ],
    [
      string('k'.repeat(256), {}),
      'ParameterValueInvalid',
      'Length of message attribute name must be less than 256 bytes.',
    ],
  ] as const) {
    test(`is refused: ${code}, ${message.slice(0, 90)}`, async (t) => {
      const { sns, fired } = await rigOf(t)
      const { status, text } = await sns({ ...PUBLISH, ...params })
      assert.equal(status, code === 'NotFound' ? 404 : 400)
      const [, found, said = ''] = /<Code>(.*)<\/Code><Message>(.*)<\/Message>/.exec(text) ?? []
      assert.equal(found, code)
      assert.equal(said.replaceAll('&#39;', "'"), message)
      assert.deepEqual(fired, [])
    })
  }
})

function batchOf(entries: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const params = entries.flatMap((entry, at) =>
    Object.entries(entry).map(([key, value]) => [
      `PublishBatchRequestEntries.member.${at + 1}.${key}`,
      value,
    ]),
  )
  return { Action: 'PublishBatch', TopicArn: TOPIC, ...Object.fromEntries(params) }
}

describe('PublishBatch', () => {
  test('publishes each of its messages', async (t) => {
    const { sns, fired } = await rigOf(t)
    const entries = [
      { Id: 'a', Message: 'one', ...attribute(1, 'k', { DataType: 'String', StringValue: 'v' }) },
      { Id: 'b', Message: 'two' },
    ]
    const { status, text } = await sns(batchOf(entries))
    assert.equal(status, 200)
    assert.match(
      text,
      /<Failed><\/Failed><Successful><member><Id>a<\/Id><MessageId>.*<member><Id>b</,
    )
    assert.deepEqual(
      fired.map(
        ({ event }) => (event['Records'] as { Sns: { Message: string } }[])[0]?.Sns.Message,
      ),
      ['one', 'two'],
    )
  })

  test('fails the messages alone that could not be taken', async (t) => {
    const { sns } = await rigOf(t, async (_, json) => {
      if (json.includes('two')) throw new Error('the disk is full')
    })
    const { text } = await sns(
      batchOf([
        { Id: 'a', Message: 'one' },
        { Id: 'b', Message: 'two' },
      ]),
    )
    assert.match(
      text,
      /<Failed><member><Id>b<\/Id><Code>InternalError<\/Code><Message>the disk is full<\/Message><SenderFault>false</,
    )
    assert.match(text, /<Successful><member><Id>a</)
  })

  const many = (count: number, message = 'm'): Record<string, string>[] =>
    Array.from({ length: count }, (_, at) => ({ Id: `i${at}`, Message: message }))
  for (const [what, entries, code, message] of [
    ['without messages', [], 'EmptyBatchRequest', /doesn.*t contain any entries/],
    [
      'of eleven',
      many(11),
      'TooManyEntriesInBatchRequest',
      /contains more entries than permissible/,
    ],
    [
      'with an id twice',
      [
        { Id: 'a', Message: 'm' },
        { Id: 'a', Message: 'm' },
      ],
      'BatchEntryIdsNotDistinct',
      /have the same Id/,
    ],
    [
      'with an odd id',
      [{ Id: 'a.b', Message: 'm' }],
      'InvalidBatchEntryId',
      /impermissible character: a\.b$/,
    ],
    [
      'with a long id',
      [{ Id: 'a'.repeat(81), Message: 'm' }],
      'InvalidBatchEntryId',
      /is too long: a{81}$/,
    ],
    [
      'that is too long together',
      many(3, 'x'.repeat(100_000)),
      'BatchRequestTooLong',
      /more than the limit/,
    ],
    [
      'with one message that is none',
      [
        { Id: 'a', Message: 'm' },
        { Id: 'b', Message: '' },
      ],
      'InvalidParameter',
      /Empty message/,
    ],
  ] as const) {
    test(`${what} is refused as a whole`, async (t) => {
      const { sns, fired } = await rigOf(t)
      const { status, text } = await sns(batchOf(entries))
      assert.equal(status, 400)
      const [, found, said] = /<Code>(.*)<\/Code><Message>(.*)<\/Message>/.exec(text) ?? []
      assert.equal(found, code)
      assert.match(said ?? '', message)
      assert.deepEqual(fired, [])
    })
  }
})

/** As MinIO posts it. */
function minioEvent(key: string, bucket = 'photos'): Record<string, unknown> {
  return {
    EventName: 's3:ObjectCreated:Put',
    Key: `${bucket}/${key}`,
    Records: [
      {
        eventVersion: '2.0',
        eventSource: 'minio:s3',
        awsRegion: '',
        eventTime: '2026-03-06T18:00:00.123Z',
        eventName: 's3:ObjectCreated:Put',
        userIdentity: { principalId: 'minioadmin' },
        requestParameters: { principalId: 'minioadmin', region: '', sourceIPAddress: '172.17.0.1' },
        responseElements: {
          'x-amz-id-2': 'dd90',
          'x-amz-request-id': '18A1',
          'x-minio-origin-endpoint': 'http://172.17.0.2:9000',
        },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'Config',
          bucket: {
            name: bucket,
            ownerIdentity: { principalId: 'minioadmin' },
            arn: `arn:aws:s3:::${bucket}`,
          },
          object: {
            key,
            size: 11,
            eTag: 'abc',
            contentType: 'text/plain',
            userMetadata: {},
            sequencer: '18A1B2',
          },
        },
        source: { host: '172.17.0.1', port: '', userAgent: 'MinIO' },
      },
    ],
  }
}

describe('An object store that posts its events', () => {
  test("has functions run, with the event in AWS's shape", async (t) => {
    const { s3, fired } = await rigOf(t)
    const { status, text } = await s3(minioEvent('in%2Fmy+file%2B1.txt'))
    assert.deepEqual([status, text], [200, '{}'])
    assert.deepEqual(fired, [
      {
        functionName: 'f',
        event: {
          Records: [
            {
              eventVersion: '2.1',
              eventSource: 'aws:s3',
              awsRegion: 'us-east-1',
              eventTime: '2026-03-06T18:00:00.123Z',
              eventName: 'ObjectCreated:Put',
              userIdentity: { principalId: 'minioadmin' },
              requestParameters: { sourceIPAddress: '172.17.0.1' },
              responseElements: { 'x-amz-request-id': '18A1', 'x-amz-id-2': 'dd90' },
              s3: {
                s3SchemaVersion: '1.0',
                configurationId: 'Config',
                bucket: {
                  name: 'photos',
                  ownerIdentity: { principalId: 'minioadmin' },
                  arn: 'arn:aws:s3:::photos',
                },
                object: { key: 'in/my+file%2B1.txt', size: 11, eTag: 'abc', sequencer: '18A1B2' },
              },
            },
          ],
        },
      },
    ])
  })

  test('may say less, and of a version', async (t) => {
    const { s3, fired } = await rigOf(t)
    const object = { key: 'in/100%', versionId: 'v1' }
    const { status } = await s3({
      Records: [{ eventName: 'ObjectCreated:Copy', s3: { bucket: { name: 'photos' }, object } }],
    })
    assert.equal(status, 200)
    const [record] = fired[0]?.event['Records'] as { s3: { object: Record<string, unknown> } }[]
    assert.equal(record?.s3.object['key'], 'in/100%25')
    assert.equal(record?.s3.object['versionId'], 'v1')
  })

  test('is told 200 of what nobody wants to know, and of its own test', async (t) => {
    const { s3, fired } = await rigOf(t)
    assert.equal((await s3(minioEvent('out/x'))).status, 200)
    assert.equal((await s3(minioEvent('in/x', 'other'))).status, 200)
    assert.equal((await s3({ Service: 'Amazon S3', Event: 's3:TestEvent' })).status, 200)
    assert.deepEqual(fired, [])
  })

  test('is told 500 where a function cannot be had, so that it comes again', async (t) => {
    const { s3, errors } = await rigOf(t, async () => {
      throw new Error('the disk is full')
    })
    assert.equal((await s3(minioEvent('in/x'))).status, 500)
    assert.match(String(errors[0]), /the disk is full/)
  })

  test('is told what is wrong with what it posts', async (t) => {
    const { s3 } = await rigOf(t)
    for (const [body, message] of [
      ['{', /expected S3 event notifications, got at the body: /],
      [{ Records: [{ s3: {} }] }, /got at Records\.0\./],
      [{ Records: 'x' }, /got at Records: /],
    ] as const) {
      const { status, json } = await s3(body)
      assert.equal(status, 400)
      assert.match((json as { message: string }).message, message)
    }
    assert.equal((await s3('', 'PUT')).status, 405)
  })
})
