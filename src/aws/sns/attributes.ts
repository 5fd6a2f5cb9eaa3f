import type { MessageAttribute } from '../../queue/queue.ts'
import { SnsError } from './errors.ts'

const TYPE = /^(String|Number|Binary)(?:\..+)?$/

/**
 * The message attributes below a prefix of a query: `MessageAttributes.entry.1.Name`, `.Value.DataType`
 * and the value. Error texts are recorded on AWS.
 * @throws {SnsError}
 */
export function attributesOf(
  params: URLSearchParams,
  prefix: string,
): Record<string, MessageAttribute> {
  const attributes: Record<string, MessageAttribute> = {}
  for (let at = 1; params.has(`${prefix}MessageAttributes.entry.${at}.Name`); at++) {
    const entry = `${prefix}MessageAttributes.entry.${at}`
    const name = params.get(`${entry}.Name`) ?? ''
    checkName(name)
    attributes[name] = attributeOf(name, {
      dataType: params.get(`${entry}.Value.DataType`),
      text: params.get(`${entry}.Value.StringValue`),
      bytes: params.get(`${entry}.Value.BinaryValue`),
    })
  }
  return attributes
}

/** What they take of a message's size. */
export function attributesBytes(attributes: Readonly<Record<string, MessageAttribute>>): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { dataType, value }]) =>
      sum + Buffer.byteLength(name) + Buffer.byteLength(dataType) + Buffer.byteLength(value),
    0,
  )
}

function checkName(name: string): void {
  const odd = /[^\w.-]/.exec(name)?.[0]
  if (Buffer.byteLength(name) > 255) {
    throw SnsError.attribute('Length of message attribute name must be less than 256 bytes.')
  }
  if (odd !== undefined) {
    const code = odd.charCodeAt(0).toString(16).toUpperCase()
    throw SnsError.attribute(
      `Invalid non-alphanumeric character '#x${code}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.`,
    )
  }
  const atEnd = name.startsWith('.') ? 'starting' : name.endsWith('.') ? 'ending' : undefined
  if (atEnd !== undefined) {
    throw SnsError.attribute(
      `Invalid message attribute name ${atEnd} with character '.' was found.`,
    )
  }
  if (name.includes('..')) {
    throw SnsError.attribute("Message attribute name can not have successive '.' character.")
  }
}

interface Given {
  readonly dataType: string | null
  readonly text: string | null
  readonly bytes: string | null
}

function attributeOf(name: string, { dataType, text, bytes }: Given): MessageAttribute {
  if (dataType === null) {
    throw new SnsError(
      400,
      'ValidationError',
      `1 validation error detected: Value null at 'messageAttributes.${name}.member.dataType' failed to satisfy constraint: Member must not be null`,
    )
  }
  const type = TYPE.exec(dataType)?.[1]
  if (type === undefined) {
    throw SnsError.attribute(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    )
  }
  const isBinary = type === 'Binary'
  const [own, other] = isBinary ? [bytes, text] : [text, bytes]
  if (other !== null && own === null) {
    const field = isBinary ? 'Binary' : 'String'
    throw SnsError.attribute(
      `The message attribute '${name}' with type '${type}' must use field '${field}'.`,
    )
  }
  if (own === null || own === '') {
    throw SnsError.attribute(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`,
    )
  }
  return { dataType, value: isBinary ? Buffer.from(own, 'base64') : own }
}
