import type { Outcome } from '../invocation.ts'
import type { AsyncEvent } from './event.ts'

/** How the life of an event ended. */
export type Condition =
  | 'Success'
  | 'RetriesExhausted'
  | 'EventAgeExceeded'
  | 'ZeroReservedConcurrency'
  /** Ours, of `delivery: at-most-once`: it had begun, and nobody knows how far it came. */
  | 'Interrupted'

/** What is told of an event that is over. */
export interface Ended {
  readonly event: AsyncEvent
  readonly condition: Condition
  /** How often the function was invoked with it. */
  readonly invokeCount: number
  /** Of the last try; absent where there was none. */
  readonly outcome?: Outcome
  /** Milliseconds since 1970. */
  readonly endedMs: number
}

/** The ARN that AWS names the function by: with a qualifier always. */
export function qualifiedArn({ invokedArn, qualifier }: AsyncEvent): string {
  return qualifier === undefined ? `${invokedArn}:$LATEST` : invokedArn
}

/**
 * The JSON that a destination receives, in Lambda's spelling (recorded 2025-11). Payloads are put in as
 * they came: to parse and write them again would change their numbers.
 */
export function destinationRecord({
  event,
  condition,
  invokeCount,
  outcome,
  endedMs,
}: Ended): string {
  const head = {
    version: '1.0',
    timestamp: new Date(endedMs).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: qualifiedArn(event),
      condition,
      approximateInvokeCount: invokeCount,
    },
  }
  const response = outcome === undefined ? undefined : responseOf(outcome)
  const failed = condition !== 'Success'
  const context = {
    statusCode: 200,
    executedVersion: event.executedVersion,
    ...(failed ? { functionError: 'Unhandled' } : {}),
  }
  const members = [
    JSON.stringify(head).slice(1, -1),
    `"requestPayload":${event.payload}`,
    ...(response === undefined
      ? []
      : [`"responseContext":${JSON.stringify(context)}`, `"responsePayload":${response}`]),
  ]
  return `{${members.join(',')}}`
}

/** JSON, as the function or its runtime wrote it. */
function responseOf(outcome: Outcome): string | undefined {
  if ('error' in outcome) return Buffer.from(outcome.error.json).toString()
  if (outcome.status === 'malformed') {
    const errorType = 'Runtime.MalformedHandlerResponse'
    return JSON.stringify({ errorType, errorMessage: outcome.reason })
  }
  if (outcome.status !== 'ok' || outcome.result.kind !== 'json') return undefined
  const text = Buffer.from(outcome.result.json).toString()
  return text === '' ? 'null' : text
}

/** What went wrong, in the words of the function or ours. */
export function errorMessageOf({ condition, outcome }: Ended): string {
  if (outcome !== undefined && 'error' in outcome) return outcome.error.errorMessage
  if (outcome?.status === 'malformed') return outcome.reason
  switch (condition) {
    case 'EventAgeExceeded':
      return 'The event is older than its function takes events'
    case 'ZeroReservedConcurrency':
      return 'The function is switched off: its reserved concurrency is 0'
    case 'Interrupted':
    case 'RetriesExhausted':
    case 'Success':
      return 'The server ended while the function ran'
  }
}
