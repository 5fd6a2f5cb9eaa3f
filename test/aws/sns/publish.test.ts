import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { firstRecord, rigOf, TOPIC } from '../notifying.ts'

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
    const record = firstRecord(fired) as { readonly Sns: Readonly<Record<string, unknown>> }
    assert.equal(record.Sns['MessageId'], id)
    assert.equal(record.Sns['Message'], 'hällo & <more>\n')
    assert.deepEqual(record.Sns['MessageAttributes'], {
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
