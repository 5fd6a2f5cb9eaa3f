import { isHandle } from '../../queue/embedded/embedded.ts'
import type { VisibilityChange } from '../../queue/queue.ts'
import { batchResult, entriesOf, failureOf, readEach } from './batch.ts'
import { expiredHandle, invalidHandle, missing, notInFlight, type SqsError } from './errors.ts'
import { queueOf, type Operation, type Params, type Result, type SqsContext } from './operation.ts'
import { VISIBILITY_S } from './receive.ts'
import { optionalNumber, requiredText } from './values.ts'

export const settleOperations: Readonly<Record<string, Operation>> = {
  DeleteMessage: deleteMessage,
  DeleteMessageBatch: deleteMessageBatch,
  ChangeMessageVisibility: changeMessageVisibility,
  ChangeMessageVisibilityBatch: changeMessageVisibilityBatch,
}

async function deleteMessage(params: Params, context: SqsContext): Promise<Result> {
  const { name, settings } = queueOf(params, context)
  const handle = handleOf(params)
  const [isGone] = await context.queues.delete(name, [handle])
  // Standard queues say yes to whatever was a handle once.
  if (isGone !== true && settings.fifo) throw expiredHandle(handle)
  return {}
}

async function deleteMessageBatch(params: Params, context: SqsContext): Promise<Result> {
  const { name, settings } = queueOf(params, context)
  const { good, failed } = readEach(entriesOf(params, 'DeleteMessageBatchRequestEntry'), handleOf)
  const gone = await context.queues.delete(
    name,
    good.map(({ value }) => value),
  )
  const outcomes = good.map(({ id, value }, at) => ({
    id,
    error: gone[at] !== true && settings.fifo ? expiredHandle(value) : undefined,
  }))
  return resultOf(outcomes, failed)
}

async function changeMessageVisibility(params: Params, context: SqsContext): Promise<Result> {
  const { name } = queueOf(params, context)
  const change = changeOf(params)
  const [wasInFlight] = await context.queues.changeVisibility(name, [change])
  if (wasInFlight !== true) throw notInFlight(change.receiptHandle)
  return {}
}

async function changeMessageVisibilityBatch(params: Params, context: SqsContext): Promise<Result> {
  const { name } = queueOf(params, context)
  const entries = entriesOf(params, 'ChangeMessageVisibilityBatchRequestEntry')
  const { good, failed } = readEach(entries, changeOf)
  const changed = await context.queues.changeVisibility(
    name,
    good.map(({ value }) => value),
  )
  const outcomes = good.map(({ id, value }, at) => ({
    id,
    error: changed[at] === true ? undefined : notInFlight(value.receiptHandle),
  }))
  return resultOf(outcomes, failed)
}

function resultOf(
  outcomes: readonly { readonly id: string; readonly error: SqsError | undefined }[],
  failed: readonly Result[],
): Result {
  const successful = outcomes
    .filter(({ error }) => error === undefined)
    .map(({ id }) => ({ Id: id }))
  const more = outcomes.flatMap(({ id, error }) =>
    error === undefined ? [] : [failureOf(id, error)],
  )
  return batchResult(successful, [...failed, ...more])
}

function handleOf(params: Params): string {
  const handle = requiredText(params, 'ReceiptHandle')
  if (!isHandle(handle)) throw invalidHandle(handle)
  return handle
}

function changeOf(params: Params): VisibilityChange {
  const receiptHandle = handleOf(params)
  const timeoutS = optionalNumber(params, 'VisibilityTimeout', VISIBILITY_S)
  if (timeoutS === undefined) throw missing('VisibilityTimeout')
  return { receiptHandle, timeoutMs: timeoutS * 1000 }
}
