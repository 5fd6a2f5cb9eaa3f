import type { MessageAttribute, NewMessage } from '../../queue/queue.ts'
import {
  destinationRecord,
  errorMessageOf,
  qualifiedArn,
  type Ended,
} from './destination-record.ts'

/** Where what is over is told. Each resolves once that is durable. */
export interface Doors {
  readonly send: (queue: string, message: NewMessage) => Promise<void>
  /** The same, and what was taken out of another queue is gone with it. Absent where the two are not kept together. */
  readonly transfer?: (from: Taken, queue: string, message: NewMessage) => Promise<void>
  /** Invokes another function with it. */
  readonly invoke: (functionArn: string, payload: string) => Promise<void>
  readonly publish: (topicArn: string, message: NewMessage) => Promise<void>
  readonly putEvent: (busArn: string, event: DestinationEvent) => Promise<void>
}

/** A message that was taken out of its queue. */
export interface Taken {
  readonly queue: string
  readonly handle: string
}

/** What an event bus is told. */
export interface DestinationEvent {
  readonly source: 'lambda'
  readonly detailType: string
  readonly resources: readonly string[]
  /** JSON. */
  readonly detail: string
}

/** Somebody to be told: a queue its message, or others by their own doors. */
export type Telling =
  | { readonly queue: string; readonly message: NewMessage }
  | { readonly queue?: never; readonly tell: () => Promise<void> }

/** What a destination is told of an event that is over. */
export function toDestination(arn: string, ended: Ended, doors: Doors): Telling {
  const body = destinationRecord(ended)
  switch (serviceOf(arn)) {
    case 'sqs':
      return { queue: nameOf(arn), message: { body, ...groupOf(arn, ended) } }
    case 'lambda':
      return { tell: async () => await doors.invoke(arn, body) }
    case 'sns':
      return { tell: async () => await doors.publish(arn, { body, ...groupOf(arn, ended) }) }
    case 'events':
      return { tell: async () => await doors.putEvent(arn, toBusEvent(arn, ended, body)) }
    case undefined:
    default:
      return { tell: async () => await Promise.reject(new Error(`nothing is served at ${arn}`)) }
  }
}

function toBusEvent(busArn: string, ended: Ended, detail: string): DestinationEvent {
  const result = ended.condition === 'Success' ? 'Success' : 'Failure'
  return {
    source: 'lambda',
    detailType: `Lambda Function Invocation Result - ${result}`,
    resources: [busArn, qualifiedArn(ended.event)],
    detail,
  }
}

/** SQS's limit of what an attribute says here. */
const ERROR_MESSAGE_CHARS_MAX = 1024

/** What a dead-letter queue or topic gets of an event that failed: its payload alone, and what happened beside it. */
export function toGrave(arn: string, ended: Ended, doors: Doors): Telling {
  const errorMessage = errorMessageOf(ended).slice(0, ERROR_MESSAGE_CHARS_MAX)
  const message: NewMessage = {
    body: ended.event.payload,
    attributes: {
      RequestID: text(ended.event.requestId),
      // What the function did is a 200 for Lambda, whatever it did.
      ErrorCode: { dataType: 'Number', value: ended.outcome === undefined ? '429' : '200' },
      ErrorMessage: text(errorMessage === '' ? 'unknown' : errorMessage),
    },
    ...groupOf(arn, ended),
  }
  if (serviceOf(arn) === 'sqs') return { queue: nameOf(arn), message }
  return { tell: async () => await doors.publish(arn, message) }
}

/** A FIFO queue takes nothing without these; an event has no order with others. */
function groupOf(arn: string, { event }: Ended): Partial<NewMessage> {
  if (!arn.endsWith('.fifo')) return {}
  return { groupId: event.requestId, deduplicationId: event.requestId }
}

function serviceOf(arn: string): string | undefined {
  return arn.split(':')[2]
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1)
}

function text(value: string): MessageAttribute {
  return { dataType: 'String', value }
}
