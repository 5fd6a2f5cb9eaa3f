import type { QueueSettings } from '../../model/queue-settings.ts'
import { isBinary } from '../../queue/md5.ts'
import type { MessageAttribute, NewMessage } from '../../queue/queue.ts'
import { invalid, invalidValue, missing, SqsError } from './errors.ts'
import type { Params } from './operation.ts'
import { mapOf, optionalNumber, optionalText } from './values.ts'

/** A message that may be sent, and what it weighs. */
export interface Checked {
  readonly message: NewMessage
  /** Body and attributes. */
  readonly bytes: number
}

/** Those that XML does not know are not taken. */
// oxlint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/
const ATTRIBUTES_MAX = 10

/**
 * Reads one message of `SendMessage`, or of an entry of a batch.
 * @throws {SqsError} in AWS's words.
 */
export function checkMessage(params: Params, settings: QueueSettings): Checked {
  const body = optionalText(params, 'MessageBody')
  if (body === undefined || body === '') throw missing('MessageBody')
  if (UNWRITABLE.test(body) || !body.isWellFormed()) throw unwritable()
  const attributes = attributesOf(params)
  const bytes = Buffer.byteLength(body) + bytesOf(attributes)
  if (bytes > settings.messageBytesMax) throw tooLong(settings.messageBytesMax)
  const delayS = delayOf(params, settings)
  const traceHeader = traceOf(params)
  const message: NewMessage = {
    body,
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    ...(delayS === undefined ? {} : { delayMs: delayS * 1000 }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
    ...idsOf(params, settings),
  }
  return { message, bytes }
}

function unwritable(): SqsError {
  return new SqsError({
    code: 'InvalidMessageContents',
    message:
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
  })
}

function tooLong(max: number): SqsError {
  return invalidValue(
    `One or more parameters are invalid. Reason: Message must be shorter than ${max} bytes.`,
  )
}

const DELAY = { min: 0, max: 900, reason: 'DelaySeconds must be >= 0 and <= 900.' }
const NOT_OF_THIS_TYPE = 'The request include parameter that is not valid for this queue type.'

/** FIFO queues have one delay for all; 0 means that one, too. */
function delayOf(params: Params, { fifo }: QueueSettings): number | undefined {
  const delayS = optionalNumber(params, 'DelaySeconds', DELAY)
  if (!fifo || delayS === undefined || delayS === 0) return fifo ? undefined : delayS
  throw invalid('DelaySeconds', delayS, NOT_OF_THIS_TYPE)
}

function idsOf(
  params: Params,
  { fifo, contentBasedDeduplication }: QueueSettings,
): Pick<NewMessage, 'groupId' | 'deduplicationId'> {
  const groupId = idOf(params, 'MessageGroupId')
  const deduplicationId = idOf(params, 'MessageDeduplicationId')
  if (fifo && groupId === undefined) throw missing('MessageGroupId')
  if (!fifo && deduplicationId !== undefined) {
    throw invalid('MessageDeduplicationId', deduplicationId, NOT_OF_THIS_TYPE)
  }
  if (fifo && deduplicationId === undefined && !contentBasedDeduplication) {
    throw invalidValue(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    )
  }
  return {
    ...(groupId === undefined ? {} : { groupId }),
    ...(deduplicationId === undefined ? {} : { deduplicationId }),
  }
}

/** Letters, digits and punctuation of ASCII. */
const ID = /^[!-~]{1,128}$/

function idOf(params: Params, name: string): string | undefined {
  const id = optionalText(params, name)
  if (id === undefined || ID.test(id)) return id
  const reason = `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`
  throw invalid(name, id, reason)
}

function traceOf(params: Params): string | undefined {
  const attributes = mapOf(params, 'MessageSystemAttributes')
  for (const name of Object.keys(attributes)) {
    if (name !== 'AWSTraceHeader') {
      throw invalidValue(`Message system attribute name '${name}' is invalid.`)
    }
  }
  const { AWSTraceHeader: header } = attributes as Record<string, Params | undefined>
  return header === undefined ? undefined : optionalText(header, 'StringValue')
}

type Attributes = Readonly<Record<string, MessageAttribute>>

function attributesOf(params: Params): Attributes {
  const given = Object.entries(mapOf(params, 'MessageAttributes'))
  if (given.length > ATTRIBUTES_MAX) {
    throw invalidValue(
      `Number of message attributes [${given.length}] exceeds the allowed maximum [${ATTRIBUTES_MAX}].`,
    )
  }
  return Object.fromEntries(
    given.map(([name, value]) => [name, attributeOf(name, (value ?? {}) as Params)]),
  )
}

function attributeOf(name: string, given: Params): MessageAttribute {
  if (!/^[\w.-]{1,256}$/.test(name)) {
    throw invalidValue(
      `Message (user) attribute name '${name}' can only include letters, digits, hyphens, underscores and periods, and be 1 to 256 in length.`,
    )
  }
  const dataType = optionalText(given, 'DataType') ?? ''
  if (dataType === '') {
    throw invalidValue(
      `The message attribute '${name}' must contain a non-empty message attribute type.`,
    )
  }
  const [type = ''] = dataType.split('.', 1)
  if (!['String', 'Number', 'Binary'].includes(type)) {
    throw invalidValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  }
  const value = optionalText(given, type === 'Binary' ? 'BinaryValue' : 'StringValue') ?? ''
  if (value === '') {
    throw invalidValue(
      `Message (user) attribute '${name}' must contain a non-empty value of type '${type}'.`,
    )
  }
  if (type === 'Number' && !isNumber(value)) {
    throw invalidValue(`Can't cast the value of message (user) attribute '${name}' to a number.`)
  }
  if (UNWRITABLE.test(value)) throw unwritable()
  return { dataType, value: isBinary(dataType) ? Buffer.from(value, 'base64') : value }
}

function isNumber(text: string): boolean {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text.trim())
}

function bytesOf(attributes: Attributes): number {
  let bytes = 0
  for (const [name, { dataType, value }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(dataType) + Buffer.byteLength(value)
  }
  return bytes
}
