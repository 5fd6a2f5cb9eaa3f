import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  type ReceiveMessageCommandInput,
} from '@aws-sdk/client-sqs'
import { createSpillway, loadApp, type Spillway } from '../../src/index.ts'
import { openSqsQueues } from '../../src/queue/sqs/sqs-queues.ts'
import { boto3Missing, withBoto3 } from '../support/boto3.ts'
import { makeFolder } from '../support/service.ts'

/** A function that sends to a queue of its manifest, by the URL that `Ref` gives it. */
const FILES = {
  'serverless.yml': `
service: shop
provider:
  name: aws
  runtime: nodejs24.x
  environment: { QUEUE_URL: !Ref Leads, QUEUE_ARN: !GetAtt Leads.Arn }
functions:
  send: { handler: h.send }
resources:
  Resources:
    Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
    Leads:
      Type: AWS::SQS::Queue
      Properties:
        QueueName: leads
        VisibilityTimeout: 40
        RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 }
    Line:
      Type: AWS::SQS::Queue
      Properties: { QueueName: line.fifo, FifoQueue: true, ContentBasedDeduplication: true }
`,
  'h.mjs': `
export const send = async ({ text }) => {
  const { QUEUE_URL, QUEUE_ARN, AWS_ENDPOINT_URL_SQS } = process.env
  // What AWS's client does, in few lines: it posts to the queue's URL.
  const answer = await fetch(QUEUE_URL, {
    method: 'POST',
    headers: { 'x-amz-target': 'AmazonSQS.SendMessage', 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ QueueUrl: QUEUE_URL, MessageBody: text }),
  })
  return { status: answer.status, QUEUE_URL, QUEUE_ARN, AWS_ENDPOINT_URL_SQS }
}
`,
}

let spillway: Spillway
let client: SQSClient
let endpoint: string

before(async () => {
  const folder = makeFolder(FILES)
  spillway = await createSpillway({
    app: await loadApp({ paths: [folder], env: {} }),
    mode: 'dev',
    listen: { aws: {} },
    onLog: () => {},
  })
  endpoint = spillway.urls.aws ?? ''
  client = new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
})

after(async () => {
  client.destroy()
  await spillway.close()
})

async function newQueue(name: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }))
  return QueueUrl ?? ''
}

async function receive(QueueUrl: string, how: Partial<ReceiveMessageCommandInput> = {}) {
  const command = new ReceiveMessageCommand({
    QueueUrl,
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
    ...how,
  })
  return (await client.send(command)).Messages ?? []
}

describe('@aws-sdk/client-sqs', () => {
  test('sends, receives and deletes, and finds its checksums right', async () => {
    const QueueUrl = await newQueue('plain')
    const MessageAttributes = {
      Author: { DataType: 'String', StringValue: 'Łódź' },
      Bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255) },
      Weeks: { DataType: 'Number', StringValue: '6' },
    }
    await client.send(
      new SendMessageCommand({ QueueUrl, MessageBody: 'žluťoučký 🐎', MessageAttributes }),
    )
    const [message] = await receive(QueueUrl)
    assert.equal(message?.Body, 'žluťoučký 🐎')
    assert.deepEqual(message.MessageAttributes?.['Bytes']?.BinaryValue, Uint8Array.of(0, 255))
    assert.equal(message.MessageAttributes['Weeks']?.StringValue, '6')
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }))
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    )
    assert.equal(Attributes?.['ApproximateNumberOfMessages'], '0')
    assert.equal(Attributes['ApproximateNumberOfMessagesNotVisible'], '0')
  })

  test('waits for a message, and has it as soon as it is there', async () => {
    const QueueUrl = await newQueue('waited')
    const polling = receive(QueueUrl, { WaitTimeSeconds: 20 })
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))
    assert.deepEqual(
      (await polling).map(({ Body }) => Body),
      ['x'],
    )
  })

  test('sends and deletes in batches', async () => {
    const QueueUrl = await newQueue('batches')
    const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: `e${i}`, MessageBody: String(i) }))
    const sent = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
    assert.equal(sent.Successful?.length, 10)
    const messages = await receive(QueueUrl)
    const deleted = await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: messages.map(({ ReceiptHandle }, i) => ({ Id: `e${i}`, ReceiptHandle })),
      }),
    )
    assert.equal(deleted.Successful?.length, messages.length)
    assert.equal(messages.length, 10)
  })

  test('has the order of a FIFO group, one in flight at a time', async () => {
    const { QueueUrl } = { QueueUrl: `${endpoint}/123456789012/line.fifo` }
    for (const body of ['1', '2', '2', '3']) {
      await client.send(
        new SendMessageCommand({ QueueUrl, MessageBody: body, MessageGroupId: 'g' }),
      )
    }
    const seen: string[] = []
    for (let left = 3; left > 0; left--) {
      const [message] = await receive(QueueUrl, { MaxNumberOfMessages: 1 })
      assert.deepEqual(await receive(QueueUrl), [], 'the group is hidden')
      seen.push(message?.Body ?? '')
      await client.send(
        new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }),
      )
    }
    assert.deepEqual(seen, ['1', '2', '3'])
    assert.deepEqual(await receive(QueueUrl), [])
  })

  test('finds in the dead-letter queue what failed too often, as the manifest says', async () => {
    const QueueUrl = `${endpoint}/123456789012/leads`
    const { MessageId } = await client.send(
      new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }),
    )
    for (let i = 0; i < 2; i++) {
      const [message] = await receive(QueueUrl)
      const { ReceiptHandle } = message ?? {}
      await client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
      )
    }
    assert.deepEqual(await receive(QueueUrl), [])
    const [dead] = await receive(`${endpoint}/123456789012/dead`)
    assert.equal(dead?.MessageId, MessageId)
    assert.equal(
      dead?.Attributes?.DeadLetterQueueSourceArn,
      'arn:aws:sqs:us-east-1:123456789012:leads',
    )
  })

  test('is told of a queue that is not there', async () => {
    await assert.rejects(
      client.send(
        new SendMessageCommand({
          QueueUrl: `${endpoint}/123456789012/nope`,
          MessageBody: 'x',
        }),
      ),
      (error) =>
        error instanceof QueueDoesNotExist &&
        error.message === 'The specified queue does not exist.',
    )
  })
})

describe('A function', () => {
  test('sends to a queue of its manifest by the URL it is given', async () => {
    const outcome = await spillway.invoke('shop-dev-send', JSON.stringify({ text: 'from within' }))
    assert.equal(outcome.status, 'ok')
    const { result } = outcome as { result: { json: Uint8Array } }
    const said = JSON.parse(Buffer.from(result.json).toString()) as Record<string, unknown>
    assert.deepEqual(said, {
      status: 200,
      QUEUE_URL: `${endpoint}/123456789012/leads`,
      QUEUE_ARN: 'arn:aws:sqs:us-east-1:123456789012:leads',
      AWS_ENDPOINT_URL_SQS: endpoint,
    })
    const [message] = await receive(`${endpoint}/123456789012/leads`)
    assert.equal(message?.Body, 'from within')
  })
})

describe('Queues through AWS’s client, as `queues: aws` has them', () => {
  test('do what the embedded ones do', async () => {
    await newQueue('real.fifo', { FifoQueue: 'true' })
    process.env['AWS_ACCESS_KEY_ID'] ??= 'test'
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test'
    const queues = await openSqsQueues({ region: 'us-east-1', endpoint })
    const sent = await queues.send(
      'real.fifo',
      Array.from({ length: 12 }, (_, i) => ({
        body: String(i),
        groupId: 'g',
        deduplicationId: String(i),
        attributes: { n: { dataType: 'Number', value: String(i) } },
        traceHeader: 'Root=1-00000000-000000000000000000000000',
      })),
    )
    assert.equal(new Set(sent.map(({ messageId }) => messageId)).size, 12)
    const messages = await queues.receive('real.fifo', { max: 10, waitMs: 1000 })
    assert.deepEqual(
      messages.map(({ body }) => body),
      ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    )
    const [first] = messages
    assert.equal(first?.messageId, sent[0]?.messageId)
    assert.equal(first?.sequenceNumber, sent[0]?.sequenceNumber)
    assert.deepEqual(first?.attributes, { n: { dataType: 'Number', value: '0' } })
    assert.equal(first.traceHeader, 'Root=1-00000000-000000000000000000000000')
    assert.equal(first.receiveCount, 1)
    const handles = messages.map(({ receiptHandle }) => receiptHandle)
    await queues.putBack('real.fifo', handles.slice(9))
    assert.deepEqual(await queues.delete('real.fifo', handles.slice(0, 9)), Array(9).fill(true))
    assert.deepEqual(await queues.delete('real.fifo', handles.slice(9)), [false])
    const { visible, inFlight } = await queues.counts('real.fifo')
    assert.deepEqual({ visible, inFlight }, { visible: 3, inFlight: 0 })
    await assert.rejects(queues.send('nope', [{ body: 'x' }]), /there is no queue nope/)
    await queues.close()
  })

  test('end a wait that is aborted', async () => {
    await newQueue('aborted')
    const queues = await openSqsQueues({ region: 'us-east-1', endpoint })
    const abort = new AbortController()
    const waiting = queues.receive('aborted', { max: 1, waitMs: 20_000, signal: abort.signal })
    setImmediate(() => abort.abort())
    assert.deepEqual(await waiting, [])
    await queues.close()
  })
})

const skip = await boto3Missing()

describe('boto3', { skip: skip ?? false, timeout: 120_000 }, () => {
  test('sends in batches, polls, redrives and sees AWS’s errors', async () => {
    const said = await withBoto3(
      endpoint,
      `
sqs = client('sqs')
url = sqs.create_queue(QueueName='py.fifo', Attributes={'FifoQueue': 'true', 'ContentBasedDeduplication': 'true'})['QueueUrl']
sent = sqs.send_message_batch(QueueUrl=url, Entries=[
  {'Id': str(i), 'MessageBody': 'm%d' % i, 'MessageGroupId': 'g', 'MessageAttributes': {'n': {'DataType': 'Number', 'StringValue': str(i)}}}
  for i in range(3)])
emit(len(sent['Successful']))
got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2, WaitTimeSeconds=5, MessageAttributeNames=['All'])['Messages']
emit([[m['Body'], m['MessageAttributes']['n']['StringValue']] for m in got])
emit('Messages' in sqs.receive_message(QueueUrl=url))
sqs.delete_message_batch(QueueUrl=url, Entries=[{'Id': str(i), 'ReceiptHandle': m['ReceiptHandle']} for i, m in enumerate(got)])
emit([m['Body'] for m in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)['Messages']])
refused(sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=11)
refused(sqs.send_message, QueueUrl=url, MessageBody='x')
refused(sqs.get_queue_url, QueueName='nope')
emit([u.rsplit('/', 1)[1] for u in sqs.list_queues(QueueNamePrefix='py')['QueueUrls']])
`,
    )
    assert.deepEqual(said, [
      3,
      [
        ['m0', '0'],
        ['m1', '1'],
      ],
      false,
      ['m2'],
      {
        type: 'ClientError',
        code: 'InvalidParameterValue',
        message:
          'Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.',
        status: 400,
      },
      {
        type: 'ClientError',
        code: 'MissingParameter',
        message: 'The request must contain the parameter MessageGroupId.',
        status: 400,
      },
      {
        type: 'QueueDoesNotExist',
        code: 'AWS.SimpleQueueService.NonExistentQueue',
        message: 'The specified queue does not exist.',
        status: 400,
      },
      ['py.fifo'],
    ])
  })
})
