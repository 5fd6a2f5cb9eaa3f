import { limitId, type Blocked } from '../gate/refusal.ts'
import type { Failure } from './failure.ts'
import type { Caller, Outcome } from './invocation.ts'

export { traceIdOf } from '../events/trace-id.ts'

/**
 * What AWS does not say, as `[name, value, name, value, …]` on every answer that comes of an
 * invocation: whether the handler began, how often it was handed over, what it waited, whose failure
 * it was, which limit blocked it and why.
 */
export function outcomeHeaders(outcome: Outcome): readonly string[] {
  if (isUsual(outcome)) return USUAL
  const headers = [
    'x-spillway-handler-started',
    outcome.handlerStarted ? '1' : '0',
    'x-spillway-attempts',
    String(outcome.attempts),
    'x-spillway-waited-ms',
    String(Math.round(outcome.waitedMs)),
  ]
  if (outcome.failure !== undefined) {
    headers.push('x-spillway-error-class', outcome.failure.errorClass)
  }
  if (outcome.status === 'throttled') {
    const { blocked } = outcome
    const limit = toHeaderValue(limitId(blocked))
    headers.push('x-spillway-limit', limit, 'x-spillway-reason', reasonOf(blocked))
  }
  return headers
}

/** Nearly all of them: begun at once, and well. */
const USUAL: readonly string[] = [
  'x-spillway-handler-started',
  '1',
  'x-spillway-attempts',
  '1',
  'x-spillway-waited-ms',
  '0',
]

function isUsual({ status, handlerStarted, attempts, waitedMs, failure }: Outcome): boolean {
  const well = status === 'ok' && failure === undefined
  return well && handlerStarted && attempts === 1 && waitedMs < 0.5
}

/**
 * The same for a front end whose own wait is over before there is an outcome. What waits in the gate
 * has not begun; what was handed over and does not show yet that it has may have.
 */
export function overdueHeaders({ waiting, begun }: Caller): string[] {
  const started = waiting !== undefined ? '0' : begun === true ? '1' : 'unknown'
  const errorClass: Failure['errorClass'] = started === '1' ? 'function' : 'platform'
  return ['x-spillway-handler-started', started, 'x-spillway-error-class', errorClass]
}

/** A name may be any text; what a header cannot carry, and the sign itself, is percent-encoded. */
function toHeaderValue(text: string): string {
  return text.toWellFormed().replaceAll(/[^!-$&-~]+/gu, encodeURIComponent)
}

/** Ours: AWS's `Reason` cannot tell these apart. */
function reasonOf({ why }: Blocked): string {
  return why === 'nested' ? 'NestedCallWouldBlock' : why
}
