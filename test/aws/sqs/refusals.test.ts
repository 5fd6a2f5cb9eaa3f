import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sqsRig } from './rig.ts'

const FIFO = { FifoQueue: 'true' }
const TOO_LONG = 'x'.repeat(1_048_577)
const HANDLE = 'A'.repeat(32)

const Q = '${q}'
const F = '${f}'
const S = 'AWS.SimpleQueueService.'

/** Operation, parameters, and `code: message` as boto3 shows it. */
const CASES: readonly (readonly [op: string, params: object, refusal: string])[] = [
  [
    'ReceiveMessage',
    { QueueUrl: Q, MaxNumberOfMessages: 0 },
    'InvalidParameterValue: Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.',
  ],
  [
    'ReceiveMessage',
    { QueueUrl: Q, WaitTimeSeconds: 21 },
    'InvalidParameterValue: Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.',
  ],
  [
    'ReceiveMessage',
    { QueueUrl: Q, VisibilityTimeout: 43_201 },
    'InvalidParameterValue: Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, if provided.',
  ],
  [
    'ReceiveMessage',
    { QueueUrl: Q, AttributeNames: ['Foo'] },
    'InvalidAttributeName: Unknown Attribute Foo.',
  ],
  ['ReceiveMessage', {}, 'MissingParameter: The request must contain the parameter QueueUrl.'],
  [
    'SendMessage',
    { QueueUrl: Q },
    'MissingParameter: The request must contain the parameter MessageBody.',
  ],
  [
    'SendMessage',
    { QueueUrl: Q, MessageBody: TOO_LONG },
    'InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.',
  ],
  [
    'SendMessage',
    { QueueUrl: Q, MessageBody: 'a\u0000b' },
    'InvalidMessageContents: Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
  ],
  [
    'SendMessage',
    { QueueUrl: Q, MessageBody: 'x', DelaySeconds: 901 },
    'InvalidParameterValue: Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.',
  ],
  [
    'SendMessage',
    {
      QueueUrl: Q,
      MessageBody: 'x',
      MessageAttributes: { K: { DataType: 'String', StringValue: '' } },
    },
    "InvalidParameterValue: Message (user) attribute 'K' must contain a non-empty value of type 'String'.",
  ],
  [
    'SendMessage',
    {
      QueueUrl: Q,
      MessageBody: 'x',
      MessageAttributes: { K: { DataType: 'Number', StringValue: 'ten' } },
    },
    "InvalidParameterValue: Can't cast the value of message (user) attribute 'K' to a number.",
  ],
  [
    'SendMessage',
    {
      QueueUrl: Q,
      MessageBody: 'x',
      MessageAttributes: { K: { DataType: 'Text', StringValue: 'x' } },
    },
    "InvalidParameterValue: The message attribute 'K' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
  ],
  [
    'SendMessage',
    { QueueUrl: Q, MessageBody: 'x', MessageDeduplicationId: 'd' },
    'InvalidParameterValue: Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.',
  ],
  [
    'SendMessage',
    {
      QueueUrl: F,
      MessageBody: 'x',
      MessageGroupId: 'g',
      MessageDeduplicationId: 'd',
      DelaySeconds: 2,
    },
    'InvalidParameterValue: Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.',
  ],
  [
    'SendMessage',
    { QueueUrl: F, MessageBody: 'x', MessageGroupId: 'a b', MessageDeduplicationId: 'd' },
    'InvalidParameterValue: Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.',
  ],
  [
    'SendMessageBatch',
    { QueueUrl: Q, Entries: [{ Id: 'a b', MessageBody: 'x' }] },
    `${S}InvalidBatchEntryId: A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.`,
  ],
  [
    'SendMessageBatch',
    { QueueUrl: Q, Entries: ['a', 'a'].map((Id) => ({ Id, MessageBody: 'x' })) },
    `${S}BatchEntryIdsNotDistinct: Id a repeated.`,
  ],
  [
    'SendMessageBatch',
    {
      QueueUrl: Q,
      Entries: ['a', 'b'].map((Id) => ({
        Id,
        MessageBody: 'x'.repeat(524_288 + (Id === 'a' ? 1 : 0)),
      })),
    },
    `${S}BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.`,
  ],
  [
    'DeleteMessageBatch',
    { QueueUrl: Q, Entries: [] },
    `${S}EmptyBatchRequest: There should be at least one DeleteMessageBatchRequestEntry in the request.`,
  ],
  [
    'DeleteMessage',
    { QueueUrl: Q, ReceiptHandle: 'nonsense' },
    'ReceiptHandleIsInvalid: The input receipt handle "nonsense" is not a valid receipt handle.',
  ],
  [
    'ChangeMessageVisibility',
    { QueueUrl: Q, ReceiptHandle: HANDLE, VisibilityTimeout: 1 },
    `InvalidParameterValue: Value ${HANDLE} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
  ],
  [
    'CreateQueue',
    { QueueName: 'a b' },
    'InvalidParameterValue: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
  ],
  [
    'CreateQueue',
    { QueueName: 'n', Attributes: { FifoQueue: 'true' } },
    'InvalidParameterValue: The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.',
  ],
  [
    'CreateQueue',
    { QueueName: 'n', Attributes: { FifoQueue: 'false' } },
    'InvalidAttributeName: Unknown Attribute FifoQueue.',
  ],
  [
    'CreateQueue',
    { QueueName: 'n', Attributes: { DeduplicationScope: 'queue' } },
    'InvalidAttributeName: You can specify the DeduplicationScope only when FifoQueue is set to true.',
  ],
  [
    'CreateQueue',
    { QueueName: 'n', Attributes: { VisibilityTimeout: '43201' } },
    'InvalidAttributeValue: Invalid value for the parameter VisibilityTimeout.',
  ],
  [
    'CreateQueue',
    { QueueName: 'n', Attributes: { RedrivePolicy: 'x' } },
    'InvalidParameterValue: Value x for parameter RedrivePolicy is invalid. Reason: Redrive policy is not a valid JSON map.',
  ],
  [
    'CreateQueue',
    { QueueName: 'n', Attributes: { RedrivePolicy: '{"maxReceiveCount":"3"}' } },
    'InvalidParameterValue: Value {"maxReceiveCount":"3"} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not contain mandatory attribute: deadLetterTargetArn.',
  ],
  [
    'CreateQueue',
    {
      QueueName: 'n',
      Attributes: {
        RedrivePolicy:
          '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:none","maxReceiveCount":3}',
      },
    },
    'InvalidParameterValue: Value {"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:none","maxReceiveCount":3} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.',
  ],
  [
    'SetQueueAttributes',
    { QueueUrl: F, Attributes: { FifoQueue: 'false' } },
    'InvalidAttributeValue: Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.',
  ],
  [
    'GetQueueAttributes',
    { QueueUrl: Q, AttributeNames: ['Foo'] },
    'InvalidAttributeName: Unknown Attribute Foo.',
  ],
  [
    'GetQueueUrl',
    { QueueName: 'none' },
    `${S}NonExistentQueue: The specified queue does not exist.`,
  ],
  ['StartMessageMoveTask', {}, 'InvalidAction: The operation StartMessageMoveTask is not served.'],
]

describe('SQS refuses in its own words', () => {
  for (const [op, params, expected] of CASES) {
    test(`${op}: ${expected.slice(0, 90)}`, async (t) => {
      const { create, refusal } = await sqsRig(t)
      const q = await create('mine')
      const f = await create('mine.fifo', FIFO)
      const filled = JSON.parse(JSON.stringify(params).replace(Q, q).replace(F, f)) as object
      assert.equal(await refusal(op, filled), expected)
    })
  }

  test('a FIFO handle whose time is over', async (t) => {
    const { create, call, refusal } = await sqsRig(t)
    const QueueUrl = await create('mine.fifo', { ...FIFO, ContentBasedDeduplication: 'true' })
    await call('SendMessage', { QueueUrl, MessageBody: 'x', MessageGroupId: 'g' })
    const { Messages } = await call('ReceiveMessage', { QueueUrl, VisibilityTimeout: 0 })
    const [{ ReceiptHandle }] = Messages as [{ ReceiptHandle: string }]
    assert.equal(
      await refusal('DeleteMessage', { QueueUrl, ReceiptHandle }),
      `InvalidParameterValue: Value ${ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
    )
  })

  test('a second purge within a minute, with 403', async (t) => {
    const { create, call, json } = await sqsRig(t)
    const QueueUrl = await create('mine')
    await call('PurgeQueue', { QueueUrl })
    const { status, headers, text } = await json('PurgeQueue', { QueueUrl })
    assert.equal(status, 403)
    assert.equal(headers['x-amzn-query-error'], `${S}PurgeQueueInProgress;Sender`)
    assert.equal(
      (JSON.parse(text) as { message: string }).message,
      'Only one PurgeQueue operation on mine is allowed every 60 seconds.',
    )
  })

  test('one entry of a batch, and takes the others', async (t) => {
    const { create, call } = await sqsRig(t)
    const QueueUrl = await create('mine.fifo', FIFO)
    const answer = await call('SendMessageBatch', {
      QueueUrl,
      Entries: [
        { Id: 'good', MessageBody: 'x', MessageGroupId: 'g', MessageDeduplicationId: '1' },
        { Id: 'bad', MessageBody: 'x', MessageDeduplicationId: '2' },
      ],
    })
    const { Successful, Failed } = answer as { Successful: { Id: string }[]; Failed: object[] }
    assert.deepEqual(
      Successful.map(({ Id }) => Id),
      ['good'],
    )
    assert.deepEqual(Failed, [
      {
        Id: 'bad',
        SenderFault: true,
        Code: 'InvalidParameterValue',
        Message: 'The request must contain the parameter MessageGroupId.',
      },
    ])
  })

  test('what is no JSON, and what is far too long', async (t) => {
    const { refusal } = await sqsRig(t)
    assert.match(await refusal('SendMessage', []), /^MalformedInput/)
    assert.match(await refusal('SendMessage', { MessageBody: 'x'.repeat(9_000_000) }), /^Malformed/)
  })
})
