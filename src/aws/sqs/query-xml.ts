import type { Answer } from '../answer.ts'
import { textElement, xmlAnswer } from '../xml.ts'
import { SQS_NAMESPACE } from './errors.ts'
import type { Result } from './operation.ts'

/** How results that are lists and maps are written: an element for each, beside the others. */
const LISTS: Readonly<Record<string, string>> = {
  QueueUrls: 'QueueUrl',
  queueUrls: 'QueueUrl',
  Messages: 'Message',
}
/** By name, the element of each entry, and what key and value are called in it. */
const MAPS: Readonly<Record<string, readonly [element: string, key: string]>> = {
  Attributes: ['Attribute', 'Name'],
  MessageAttributes: ['MessageAttribute', 'Name'],
  Tags: ['Tag', 'Key'],
}
/** Entries of batches are called after their operation. */
const BATCHES: Readonly<Record<string, string>> = {
  SendMessageBatch: 'SendMessageBatchResultEntry',
  DeleteMessageBatch: 'DeleteMessageBatchResultEntry',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibilityBatchResultEntry',
}
/** These have no result at all, not even an empty one. */
const WITHOUT_RESULT = new Set([
  'DeleteQueue',
  'SetQueueAttributes',
  'DeleteMessage',
  'ChangeMessageVisibility',
  'PurgeQueue',
  'TagQueue',
  'UntagQueue',
])

/** A result in the Query protocol. */
export function xmlResult(operation: string, result: Result, requestId: string): Answer {
  const lists = { ...LISTS, Successful: BATCHES[operation] ?? '', Failed: 'BatchResultErrorEntry' }
  const content = membersOf(result, lists)
  const name = `${operation}Result`
  const element = content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`
  const about = `<ResponseMetadata>${textElement('RequestId', requestId)}</ResponseMetadata>`
  const body = `${WITHOUT_RESULT.has(operation) ? '' : element}${about}`
  return xmlAnswer(
    200,
    `<${operation}Response xmlns="${SQS_NAMESPACE}">${body}</${operation}Response>`,
  )
}

type Lists = Readonly<Record<string, string>>

function membersOf(members: Readonly<Record<string, unknown>>, lists: Lists): string {
  return Object.entries(members)
    .map(([name, value]) => memberOf(name, value, lists))
    .join('')
}

function memberOf(name: string, value: unknown, lists: Lists): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) {
    return value.map((each) => elementOf(lists[name] ?? name, each, lists)).join('')
  }
  const map = MAPS[name]
  if (map === undefined) return elementOf(name, value, lists)
  const [element, key] = map
  return Object.entries(value as object)
    .map(
      ([each, held]) =>
        `<${element}>${textElement(key, each)}${elementOf('Value', held, lists)}</${element}>`,
    )
    .join('')
}

function elementOf(name: string, value: unknown, lists: Lists): string {
  if (typeof value !== 'object' || value === null) return textElement(name, String(value))
  return `<${name}>${membersOf(value as Record<string, unknown>, lists)}</${name}>`
}
