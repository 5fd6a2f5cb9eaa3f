import { md5OfAttributes } from '../../queue/md5.ts'
import type { Message, MessageAttribute } from '../../queue/queue.ts'
import { unknownAttribute } from './errors.ts'
import { queueOf, type Operation, type Params, type Result, type SqsContext } from './operation.ts'
import { optionalNumber, texts } from './values.ts'

export const receiveOperations: Readonly<Record<string, Operation>> = {
  ReceiveMessage: receiveMessage,
}

const MAX = { min: 1, max: 10, reason: 'Must be between 1 and 10, if provided.' }
const WAIT_S = { min: 0, max: 20, reason: 'Must be >= 0 and <= 20, if provided.' }
/** Twelve hours. */
export const VISIBILITY_S = {
  min: 0,
  max: 43_200,
  reason: 'Must be between 0 and 43200, if provided.',
}

async function receiveMessage(params: Params, context: SqsContext): Promise<Result> {
  const { name, settings } = queueOf(params, context)
  const waitS = optionalNumber(params, 'WaitTimeSeconds', WAIT_S)
  const hiddenS = optionalNumber(params, 'VisibilityTimeout', VISIBILITY_S)
  const max = optionalNumber(params, 'MaxNumberOfMessages', MAX) ?? 1
  const system = systemNames(params)
  const isWanted = attributeFilter(texts(params, 'MessageAttributeNames'))
  const messages = await context.queues.receive(name, {
    max,
    byClient: true,
    waitMs: waitS === undefined ? settings.waitMs : waitS * 1000,
    signal: context.signal,
    ...(hiddenS === undefined ? {} : { visibilityTimeoutMs: hiddenS * 1000 }),
  })
  if (messages.length === 0) return {}
  return { Messages: messages.map((message) => toResult(message, system, isWanted)) }
}

function toResult(
  message: Message,
  system: ReadonlySet<string>,
  isWanted: (name: string) => boolean,
): Result {
  const about = Object.entries(SYSTEM).flatMap(([name, read]) => {
    const value = system.has(name) || system.has('All') ? read(message) : undefined
    return value === undefined ? [] : [[name, String(value)] as const]
  })
  const attributes = Object.entries(message.attributes ?? {}).filter(([name]) => isWanted(name))
  const md5 = md5OfAttributes(Object.fromEntries(attributes))
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: message.md5OfBody,
    Body: message.body,
    ...(about.length === 0 ? {} : { Attributes: Object.fromEntries(about) }),
    ...(md5 === undefined
      ? {}
      : {
          MD5OfMessageAttributes: md5,
          MessageAttributes: Object.fromEntries(
            attributes.map(([name, value]) => [name, toValue(value)]),
          ),
        }),
  }
}

function toValue({ dataType, value }: MessageAttribute): Result {
  return typeof value === 'string'
    ? { StringValue: value, DataType: dataType }
    : { BinaryValue: Buffer.from(value).toString('base64'), DataType: dataType }
}

/** What SQS adds to a message. */
const SYSTEM: Readonly<Record<string, (message: Message) => string | number | undefined>> = {
  SenderId: ({ senderId }) => senderId,
  SentTimestamp: ({ sentMs }) => sentMs,
  ApproximateReceiveCount: ({ receiveCount }) => receiveCount,
  ApproximateFirstReceiveTimestamp: ({ firstReceivedMs }) => firstReceivedMs,
  SequenceNumber: ({ sequenceNumber }) => sequenceNumber,
  MessageDeduplicationId: ({ deduplicationId }) => deduplicationId,
  MessageGroupId: ({ groupId }) => groupId,
  AWSTraceHeader: ({ traceHeader }) => traceHeader,
  DeadLetterQueueSourceArn: ({ deadLetterSourceArn }) => deadLetterSourceArn,
}

/** `AttributeNames` is what the newer name replaces. */
function systemNames(params: Params): ReadonlySet<string> {
  const names = [
    ...texts(params, 'AttributeNames'),
    ...texts(params, 'MessageSystemAttributeNames'),
  ]
  const unknown = names.find((name) => name !== 'All' && !Object.hasOwn(SYSTEM, name))
  if (unknown !== undefined) throw unknownAttribute(unknown)
  return new Set(names)
}

/** `All`, `.*`, a name, or `prefix.*`. */
function attributeFilter(wanted: readonly string[]): (name: string) => boolean {
  if (wanted.includes('All') || wanted.includes('.*')) return () => true
  const prefixes = wanted.filter((each) => each.endsWith('.*')).map((each) => each.slice(0, -2))
  return (name) => wanted.includes(name) || prefixes.some((prefix) => name.startsWith(prefix))
}
