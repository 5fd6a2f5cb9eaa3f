import { createHash } from 'node:crypto'
import { nameOf, type Publication, type Topics } from '../../bus/topics.ts'
import { attributesBytes, attributesOf } from './attributes.ts'
import { SnsError } from './errors.ts'

/** SNS's limit of a message with its attributes, and of a batch of them. */
export const MESSAGE_BYTES_MAX = 262_144
const SUBJECT_CHARS_MAX = 100

/**
 * The topic that a call names. Account and region are not looked at: manifests name their real ones.
 * @throws {SnsError} `NotFound` where there is no such topic.
 */
export function topicOf(params: URLSearchParams, topics: Pick<Topics, 'has'>): string {
  if (params.has('PhoneNumber')) throw SnsError.invalid('PhoneNumber Reason: SMS is not served')
  const name = params.has('TopicArn') ? 'TopicArn' : 'TargetArn'
  const arn = params.get(name)
  if (arn === null) {
    throw SnsError.invalid('TopicArn or TargetArn Reason: no value for required parameter')
  }
  const elements = arn.split(':').length
  if (elements < 6) {
    throw SnsError.invalid(`${name} Reason: An ARN must have at least 6 elements, not ${elements}`)
  }
  const topic = nameOf(arn)
  if (!topics.has(topic)) throw new SnsError(404, 'NotFound', 'Topic does not exist')
  return topic
}

/** The publication below a prefix of a query. Error texts are recorded on AWS. @throws {SnsError} */
export function publicationOf(
  params: URLSearchParams,
  prefix: string,
  topic: string,
  topics: Pick<Topics, 'isContentDeduplicated'>,
): Publication {
  const text = params.get(`${prefix}Message`) ?? ''
  if (text === '') throw SnsError.invalid('Empty message')
  const subject = params.get(`${prefix}Subject`)
  if (subject !== null) checkSubject(subject)
  const attributes = attributesOf(params, prefix)
  if (Buffer.byteLength(text) + attributesBytes(attributes) > MESSAGE_BYTES_MAX) {
    throw SnsError.invalid('Message too long')
  }
  const message = params.get(`${prefix}MessageStructure`) === 'json' ? byProtocol(text) : text
  return {
    topic,
    message,
    attributes,
    ...(subject === null ? {} : { subject }),
    ...orderOf(params, prefix, {
      topic,
      text,
      isContentDeduplicated: topics.isContentDeduplicated(topic),
    }),
  }
}

/** How much of the limit a publication takes. */
export function bytesOf({ message, attributes }: Publication): number {
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  return Buffer.byteLength(text) + attributesBytes(attributes)
}

function checkSubject(subject: string): void {
  const isPlain = /^[^\p{Cc}]+$/u.test(subject)
  if (!isPlain || subject.length > SUBJECT_CHARS_MAX) throw SnsError.invalid('Subject')
}

/** `MessageStructure: json`: a text for each protocol, and one for all others. */
function byProtocol(json: string): Record<string, string> {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    throw SnsError.invalid('Message Structure - JSON message body failed to parse')
  }
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const messages = Object.fromEntries(texts)
  if (!Object.hasOwn(messages, 'default')) {
    throw SnsError.invalid('Message Structure - No default entry in JSON message body')
  }
  return messages
}

function orderOf(
  params: URLSearchParams,
  prefix: string,
  about: { readonly topic: string; readonly text: string; readonly isContentDeduplicated: boolean },
): Pick<Publication, 'groupId' | 'deduplicationId'> {
  const groupId = params.get(`${prefix}MessageGroupId`)
  const given = params.get(`${prefix}MessageDeduplicationId`)
  if (!about.topic.endsWith('.fifo')) {
    if (given !== null) {
      throw SnsError.invalid(
        'MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
      )
    }
    return groupId === null ? {} : { groupId }
  }
  if (groupId === null) {
    throw SnsError.invalid('The MessageGroupId parameter is required for FIFO topics')
  }
  const deduplicationId = given ?? (about.isContentDeduplicated ? sha256(about.text) : undefined)
  if (deduplicationId === undefined) {
    throw SnsError.invalid(
      'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    )
  }
  return { groupId, deduplicationId }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
