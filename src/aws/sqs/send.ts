import type { SendResult } from '../../queue/queue.ts'
import { batchResult, entriesOf, readEach } from './batch.ts'
import { batchError } from './errors.ts'
import { checkMessage } from './message.ts'
import { queueOf, type Operation, type Params, type Result, type SqsContext } from './operation.ts'

export const sendOperations: Readonly<Record<string, Operation>> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
}

/** Of all messages of a batch together. */
const BATCH_BYTES_MAX = 1_048_576

async function sendMessage(params: Params, context: SqsContext): Promise<Result> {
  const { name, settings } = queueOf(params, context)
  const { message } = checkMessage(params, settings)
  const [sent] = await context.queues.send(name, [message])
  return sent === undefined ? {} : toResult(sent)
}

async function sendMessageBatch(params: Params, context: SqsContext): Promise<Result> {
  const { name, settings } = queueOf(params, context)
  const entries = entriesOf(params, 'SendMessageBatchRequestEntry')
  const { good, failed } = readEach(entries, (entry) => checkMessage(entry, settings))
  const bytes = good.reduce((sum, { value }) => sum + value.bytes, 0)
  if (bytes > BATCH_BYTES_MAX) {
    throw batchError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${BATCH_BYTES_MAX} bytes. You have sent ${bytes} bytes.`,
    )
  }
  const sent = await context.queues.send(
    name,
    good.map(({ value }) => value.message),
  )
  return batchResult(
    sent.map((result, at) => ({ Id: good[at]?.id, ...toResult(result) })),
    failed,
  )
}

function toResult({ messageId, md5OfBody, md5OfAttributes, sequenceNumber }: SendResult): Result {
  return {
    MessageId: messageId,
    MD5OfMessageBody: md5OfBody,
    ...(md5OfAttributes === undefined ? {} : { MD5OfMessageAttributes: md5OfAttributes }),
    ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }),
  }
}
