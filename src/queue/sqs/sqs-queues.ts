import type {
  ChangeMessageVisibilityBatchRequestEntry,
  DeleteMessageBatchRequestEntry,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { SpillwayError } from '../../lib/errors.ts'
import type { Queues } from '../queue.ts'
import { fromSqs, toEntry, toSendResult } from './messages.ts'
import { loadSdk, type Sdk } from './sdk.ts'

export interface SqsQueuesOptions {
  readonly region: string
  /** Another endpoint that speaks SQS. Default: AWS's, or what `AWS_ENDPOINT_URL_SQS` says. */
  readonly endpoint?: string
}

const BATCH_MAX = 10

/**
 * Queues of whatever speaks SQS, by AWS's own client, which is loaded only here. It has no `ready`: there
 * only receiving tells; and no putting back: what is let go of has been received once more.
 * @throws {SpillwayError} SPILLWAY_USAGE where the client is not installed.
 */
export async function openSqsQueues({ region, endpoint }: SqsQueuesOptions): Promise<Queues> {
  const sdk = await loadSdk()
  const client = new sdk.SQSClient({ region, ...(endpoint === undefined ? {} : { endpoint }) })
  const urls = new Map<string, string>()
  const urlOf = async (queue: string): Promise<string> => {
    const known = urls.get(queue) ?? (await findUrl(sdk, client, queue))
    urls.set(queue, known)
    return known
  }
  const changeVisibility: Queues['changeVisibility'] = async (queue, changes) => {
    const QueueUrl = await urlOf(queue)
    return await inBatches(changes, async (some) => {
      const Entries: ChangeMessageVisibilityBatchRequestEntry[] = some.map((each, at) => ({
        Id: String(at),
        ReceiptHandle: each.receiptHandle,
        VisibilityTimeout: Math.ceil(each.timeoutMs / 1000),
      }))
      const command = new sdk.ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })
      return successesOf(await client.send(command), some.length)
    })
  }
  return {
    async send(queue, messages) {
      const QueueUrl = await urlOf(queue)
      return await inBatches(messages, async (some) => {
        const Entries = some.map((message, at) => ({ Id: String(at), ...toEntry(message) }))
        const answer = await client.send(new sdk.SendMessageBatchCommand({ QueueUrl, Entries }))
        const [failure] = answer.Failed ?? []
        if (failure !== undefined) throw new Error(`${failure.Code}: ${failure.Message}`)
        return some.map((_, at) =>
          toSendResult(answer.Successful?.find(({ Id }) => Id === String(at)) ?? {}),
        )
      })
    },
    async receive(queue, { max, waitMs, visibilityTimeoutMs, signal }) {
      const command = new sdk.ReceiveMessageCommand({
        QueueUrl: await urlOf(queue),
        MaxNumberOfMessages: Math.min(max, BATCH_MAX),
        WaitTimeSeconds: Math.min(20, Math.ceil(waitMs / 1000)),
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
    },
    async delete(queue, handles) {
      const QueueUrl = await urlOf(queue)
      return await inBatches(handles, async (some) => {
        const Entries: DeleteMessageBatchRequestEntry[] = some.map((ReceiptHandle, at) => ({
          Id: String(at),
          ReceiptHandle,
        }))
        const command = new sdk.DeleteMessageBatchCommand({ QueueUrl, Entries })
        return successesOf(await client.send(command), some.length)
      })
    },
    changeVisibility,
    async putBack(queue, handles) {
      const changes = handles.map((receiptHandle) => ({ receiptHandle, timeoutMs: 0 }))
      await changeVisibility(queue, changes)
    },
    async counts(queue) {
      const command = new sdk.GetQueueAttributesCommand({
        QueueUrl: await urlOf(queue),
        AttributeNames: ['All'],
      })
      const { Attributes = {} } = await client.send(command)
      return {
        visible: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
        inFlight: Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
        delayed: Number(Attributes['ApproximateNumberOfMessagesDelayed'] ?? 0),
      }
    },
    close: async () => client.destroy(),
  }
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
