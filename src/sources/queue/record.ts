import type { Message, MessageAttribute } from '../../queue/queue.ts'
import type { QueueSource } from '../../model/background.ts'

/** What an event source mapping makes of a message: a record of `Records`, in SQS's own spelling. */
export interface SqsRecord {
  readonly messageId: string
  readonly receiptHandle: string
  readonly body: string
  readonly attributes: Readonly<Record<string, string>>
  readonly messageAttributes: Readonly<Record<string, RecordAttribute>>
  readonly md5OfMessageAttributes?: string | null
  readonly md5OfBody: string
  readonly eventSource: 'aws:sqs'
  readonly eventSourceARN: string
  readonly awsRegion: string
}

interface RecordAttribute {
  readonly stringValue?: string
  /** In base64. */
  readonly binaryValue?: string
  readonly stringListValues: readonly never[]
  readonly binaryListValues: readonly never[]
  readonly dataType: string
}

/**
 * A message as its function receives it. Whether `md5OfMessageAttributes` is there without attributes
 * depends on the batching window: with one it is null, without it is absent (35 of 35 recordings).
 */
export function toRecord(
  message: Message,
  { queueArn, windowMs }: Pick<QueueSource, 'queueArn' | 'windowMs'>,
): SqsRecord {
  const { messageId, receiptHandle, body, attributes = {}, md5OfAttributes, md5OfBody } = message
  const md5 = md5OfAttributes ?? (windowMs > 0 ? null : undefined)
  return {
    messageId,
    receiptHandle,
    body,
    attributes: systemAttributes(message),
    messageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, each]) => [name, toAttribute(each)]),
    ),
    ...(md5 === undefined ? {} : { md5OfMessageAttributes: md5 }),
    md5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(':')[3] ?? '',
  }
}

/** In the order of AWS's examples ("Using Lambda with Amazon SQS"). */
function systemAttributes(message: Message): Record<string, string> {
  const { traceHeader, sequenceNumber, groupId, deduplicationId, deadLetterSourceArn } = message
  const all = {
    ApproximateReceiveCount: String(message.receiveCount),
    AWSTraceHeader: traceHeader,
    SentTimestamp: String(message.sentMs),
    SequenceNumber: sequenceNumber,
    MessageGroupId: groupId,
    SenderId: message.senderId,
    MessageDeduplicationId: deduplicationId,
    DeadLetterQueueSourceArn: deadLetterSourceArn,
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedMs),
  }
  const given = Object.entries(all).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Record<string, string>
}

function toAttribute({ dataType, value }: MessageAttribute): RecordAttribute {
  const lists = { stringListValues: [], binaryListValues: [], dataType }
  return typeof value === 'string'
    ? { stringValue: value, ...lists }
    : { binaryValue: Buffer.from(value).toString('base64'), ...lists }
}
