import type { SQSClient } from '@aws-sdk/client-sqs'
import { SpillwayError } from '../../lib/errors.ts'
import type {
  Message,
  NewMessage,
  QueueCounts,
  Queues,
  ReceiveOptions,
  SendResult,
  VisibilityChange,
} from '../queue.ts'
import { fromSqs, toEntry, toSendResult } from './messages.ts'
import { loadSdk, type Sdk } from './sdk.ts'

export interface SqsQueuesOptions {
  readonly region: string
  /** Another endpoint that speaks SQS. Default: AWS's, or what `AWS_ENDPOINT_URL_SQS` says. */
  readonly endpoint?: string
}

/** What SQS says of a queue. */
export interface DescribedQueue {
  readonly arn: string
  readonly visibilityTimeoutMs: number
}

export interface SqsQueues extends Queues {
  /** @throws {SpillwayError} SPILLWAY_QUEUE_NOT_FOUND. */
  describe(queue: string): Promise<DescribedQueue>
}

const BATCH_MAX = 10
const WAIT_S_MAX = 20

/**
 * Queues of whatever speaks SQS, by AWS's own client, which is loaded only here. It has no `ready`: there
 * only receiving tells; and no putting back: what is let go of has been received once more.
 * @throws {SpillwayError} SPILLWAY_USAGE where the client is not installed.
 */
export async function openSqsQueues({ region, endpoint }: SqsQueuesOptions): Promise<SqsQueues> {
  const sdk = await loadSdk()
  const client = new sdk.SQSClient({ region, ...(endpoint === undefined ? {} : { endpoint }) })
  const service: Service = { sdk, client, urls: new Map() }
  return {
    send: async (queue, messages) => await send(service, queue, messages),
    receive: async (queue, options) => await receive(service, queue, options),
    delete: async (queue, handles) => await deleteAll(service, queue, handles),
    changeVisibility: async (queue, changes) => await changeAll(service, queue, changes),
    async putBack(queue, handles) {
      const changes = handles.map((receiptHandle) => ({ receiptHandle, timeoutMs: 0 }))
      await changeAll(service, queue, changes)
    },
    counts: async (queue) => await countIn(service, queue),
    describe: async (queue) => await describe(service, queue),
    close: async () => client.destroy(),
  }
}

interface Service {
  readonly sdk: Sdk
  readonly client: SQSClient
  /** Of queues, by name, as far as they were asked for. */
  readonly urls: Map<string, string>
}

async function send(
  service: Service,
  queue: string,
  messages: readonly NewMessage[],
): Promise<SendResult[]> {
  const { sdk, client } = service
  const QueueUrl = await urlOf(service, queue)
  return await inBatches(messages, async (some) => {
    const Entries = some.map((message, at) => ({ Id: String(at), ...toEntry(message) }))
    const answer = await client.send(new sdk.SendMessageBatchCommand({ QueueUrl, Entries }))
    const [failure] = answer.Failed ?? []
    if (failure !== undefined) throw new Error(`${failure.Code}: ${failure.Message}`)
    const sent = new Map(answer.Successful?.map((each) => [each.Id, each]))
    return some.map((_, at) => toSendResult(sent.get(String(at)) ?? {}))
  })
}

async function receive(
  service: Service,
  queue: string,
  { max, waitMs, visibilityTimeoutMs, signal }: ReceiveOptions,
): Promise<Message[]> {
  const { sdk, client } = service
  const command = new sdk.ReceiveMessageCommand({
    QueueUrl: await urlOf(service, queue),
    MaxNumberOfMessages: Math.min(max, BATCH_MAX),
    WaitTimeSeconds: Math.min(WAIT_S_MAX, Math.ceil(waitMs / 1000)),
    MessageSystemAttributeNames: ['All'],
    MessageAttributeNames: ['All'],
    ...(visibilityTimeoutMs === undefined
      ? {}
      : { VisibilityTimeout: Math.ceil(visibilityTimeoutMs / 1000) }),
  })
  const isOver = (): boolean => signal?.aborted === true
  if (isOver()) return []
  try {
    const how = signal === undefined ? {} : { abortSignal: signal }
    return ((await client.send(command, how)).Messages ?? []).map(fromSqs)
  } catch (error) {
    if (isOver()) return []
    throw error
  }
}

async function deleteAll(
  service: Service,
  queue: string,
  handles: readonly string[],
): Promise<boolean[]> {
  const { sdk, client } = service
  const QueueUrl = await urlOf(service, queue)
  return await inBatches(handles, async (some) => {
    const Entries = some.map((ReceiptHandle, at) => ({ Id: String(at), ReceiptHandle }))
    const command = new sdk.DeleteMessageBatchCommand({ QueueUrl, Entries })
    return successesOf(await client.send(command), some.length)
  })
}

async function changeAll(
  service: Service,
  queue: string,
  changes: readonly VisibilityChange[],
): Promise<boolean[]> {
  const { sdk, client } = service
  const QueueUrl = await urlOf(service, queue)
  return await inBatches(changes, async (some) => {
    const Entries = some.map((each, at) => ({
      Id: String(at),
      ReceiptHandle: each.receiptHandle,
      VisibilityTimeout: Math.ceil(each.timeoutMs / 1000),
    }))
    const command = new sdk.ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })
    return successesOf(await client.send(command), some.length)
  })
}

async function describe(service: Service, queue: string): Promise<DescribedQueue> {
  const { QueueArn: arn = '', VisibilityTimeout = '30' } = await attributesOf(service, queue)
  return { arn, visibilityTimeoutMs: Number(VisibilityTimeout) * 1000 }
}

async function attributesOf(
  service: Service,
  queue: string,
): Promise<Partial<Record<string, string>>> {
  const { sdk, client } = service
  const QueueUrl = await urlOf(service, queue)
  const command = new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] })
  return (await client.send(command)).Attributes ?? {}
}

async function countIn(service: Service, queue: string): Promise<QueueCounts> {
  const Attributes = await attributesOf(service, queue)
  return {
    visible: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
    inFlight: Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
    delayed: Number(Attributes['ApproximateNumberOfMessagesDelayed'] ?? 0),
  }
}

async function urlOf({ sdk, client, urls }: Service, queue: string): Promise<string> {
  const known = urls.get(queue) ?? (await findUrl(sdk, client, queue))
  urls.set(queue, known)
  return known
}

async function findUrl(sdk: Sdk, client: SQSClient, queue: string): Promise<string> {
  try {
    const command = new sdk.GetQueueUrlCommand({ QueueName: queue })
    return (await client.send(command)).QueueUrl ?? ''
  } catch (error) {
    if (!(error instanceof sdk.QueueDoesNotExist)) throw error
    throw new SpillwayError('SPILLWAY_QUEUE_NOT_FOUND', `there is no queue ${queue}`, {
      cause: error,
    })
  }
}

/** Ten at a time, one batch after the other: FIFO queues go by the order. */
async function inBatches<T, R>(
  all: readonly T[],
  call: (some: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < all.length; at += BATCH_MAX) {
    results.push(...(await call(all.slice(at, at + BATCH_MAX))))
  }
  return results
}

/** Of each entry, by its number, whether it went well. */
function successesOf(
  { Successful = [] }: { Successful?: readonly { Id: string | undefined }[] | undefined },
  count: number,
): boolean[] {
  const ids = new Set(Successful.map(({ Id }) => Id))
  return Array.from({ length: count }, (_, at) => ids.has(String(at)))
}
