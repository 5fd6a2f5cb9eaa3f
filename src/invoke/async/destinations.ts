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
  /** Invokes another function with it. */
  readonly invoke: (functionArn: string, payload: string) => Promise<void>
  readonly publish: (topicArn: string, message: NewMessage) => Promise<void>
  readonly putEvent: (busArn: string, event: DestinationEvent) => Promise<void>
}

/** What an event bus is told. */
export interface DestinationEvent {
  readonly source: 'lambda'
  readonly detailType: string
  readonly resources: readonly string[]
  /** JSON. */
  readonly detail: string
}

/**
 * Tells a destination of an event that is over.
 * @throws {SpillwayError} what the door throws.
 */
export async function tell(arn: string, ended: Ended, doors: Doors): Promise<void> {
  const body = destinationRecord(ended)
  switch (serviceOf(arn)) {
    case 'sqs':
      return await doors.send(nameOf(arn), { body, ...groupOf(arn, ended) })
    case 'lambda':
      return await doors.invoke(arn, body)
    case 'sns':
      return await doors.publish(arn, { body })
    case 'events': {
      const result = ended.condition === 'Success' ? 'Success' : 'Failure'
      return await doors.putEvent(arn, {
        source: 'lambda',
        detailType: `Lambda Function Invocation Result - ${result}`,
        resources: [arn, qualifiedArn(ended.event)],
        detail: body,
      })
    }
    case undefined:
    default:
      throw new Error(`${arn} is no queue, topic, function or event bus`)
  }
}

/** SQS's limit of what an attribute says here. */
const ERROR_MESSAGE_CHARS_MAX = 1024

/** Sends an event that failed to a dead-letter queue or topic: its payload alone, and what happened beside it. */
export async function bury(arn: string, ended: Ended, doors: Doors): Promise<void> {
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
  if (serviceOf(arn) === 'sqs') await doors.send(nameOf(arn), message)
  else await doors.publish(arn, message)
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
