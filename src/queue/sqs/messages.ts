import type {
  Message as SqsMessage,
  MessageAttributeValue,
  SendMessageBatchRequestEntry,
  SendMessageBatchResultEntry,
} from '@aws-sdk/client-sqs'
import { isBinary } from '../md5.ts'
import type { Message, MessageAttribute, NewMessage, SendResult } from '../queue.ts'

/** A message as SQS takes it, in a batch. */
export function toEntry({
  body,
  attributes = {},
  delayMs,
  groupId,
  deduplicationId,
  traceHeader,
}: NewMessage): Omit<SendMessageBatchRequestEntry, 'Id'> {
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, toValue(attribute)]),
  )
  return {
    MessageBody: body,
    MessageAttributes,
    ...(delayMs === undefined ? {} : { DelaySeconds: Math.ceil(delayMs / 1000) }),
    ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
    ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
    ...(traceHeader === undefined
      ? {}
      : {
          MessageSystemAttributes: {
            AWSTraceHeader: { DataType: 'String', StringValue: traceHeader },
          },
        }),
  }
}

function toValue({ dataType, value }: MessageAttribute): MessageAttributeValue {
  return typeof value === 'string'
    ? { DataType: dataType, StringValue: value }
    : { DataType: dataType, BinaryValue: value }
}

export function toSendResult(entry: Partial<SendMessageBatchResultEntry>): SendResult {
  const { MessageId = '', MD5OfMessageBody = '', MD5OfMessageAttributes, SequenceNumber } = entry
  return {
    messageId: MessageId,
    md5OfBody: MD5OfMessageBody,
    ...(MD5OfMessageAttributes === undefined ? {} : { md5OfAttributes: MD5OfMessageAttributes }),
    ...(SequenceNumber === undefined ? {} : { sequenceNumber: SequenceNumber }),
  }
}

/** A message as SQS gives it, with everything asked for. */
export function fromSqs(message: SqsMessage): Message {
  const about: Readonly<Record<string, string | undefined>> = message.Attributes ?? {}
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(
    ([name, { DataType: dataType = '', StringValue = '', BinaryValue }]) =>
      [name, { dataType, value: isBinary(dataType) ? (BinaryValue ?? '') : StringValue }] as const,
  )
  const given: Partial<Message> = {
    ...textOf('groupId', about['MessageGroupId']),
    ...textOf('deduplicationId', about['MessageDeduplicationId']),
    ...textOf('sequenceNumber', about['SequenceNumber']),
    ...textOf('traceHeader', about['AWSTraceHeader']),
    ...textOf('deadLetterSourceArn', about['DeadLetterQueueSourceArn']),
    ...textOf('md5OfAttributes', message.MD5OfMessageAttributes),
  }
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    md5OfBody: message.MD5OfBody ?? '',
    receiveCount: Number(about['ApproximateReceiveCount'] ?? 1),
    sentMs: Number(about['SentTimestamp'] ?? 0),
    firstReceivedMs: Number(about['ApproximateFirstReceiveTimestamp'] ?? 0),
    senderId: about['SenderId'] ?? '',
    ...(attributes.length === 0 ? {} : { attributes: Object.fromEntries(attributes) }),
    ...given,
  }
}

function textOf<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>)
}
