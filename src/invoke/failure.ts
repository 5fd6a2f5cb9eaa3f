import { wasKilled } from '../runtime/failed-inits.ts'
import type { DeathReason, InitFailure, UnservedReason, WorkEnd } from '../runtime/work.ts'

/** Whose failure it is: see `docs/reference/failures.md`. */
export type ErrorClass = 'platform' | 'function' | 'throttle' | 'client'

/** Why an invocation did not go well, in one word; metrics and `spillway check --errors` count by it. */
export type FailureReason =
  | UnservedReason
  /** Before the handler began. */
  | 'env_exit'
  | 'env_killed'
  | 'start_timeout'
  | 'protocol'
  | 'draining'
  /** The handler could not be loaded. */
  | 'init_error'
  | 'init_exit'
  | 'init_timeout'
  | 'init_oom'
  /** The handler had begun. */
  | 'handler_error'
  | 'uncaught'
  | 'exit'
  | 'timeout'
  | 'oom'
  | 'response_too_large'
  | 'malformed'
  | 'stream_aborted'
  | 'interrupted'
  /** A limit, or the caller. */
  | 'limit'
  | 'cancelled_wait'
  | 'disconnected'

export interface Failure {
  readonly errorClass: ErrorClass
  readonly reason: FailureReason
  /** Of what was interrupted: the signal. */
  readonly cause?: NodeJS.Signals
}

export const THROTTLED: Failure = { errorClass: 'throttle', reason: 'limit' }
export const CANCELLED: Failure = { errorClass: 'client', reason: 'cancelled_wait' }

const ofFunction = (reason: FailureReason): Failure => ({ errorClass: 'function', reason })
export const ofPlatform = (reason: FailureReason): Failure => ({ errorClass: 'platform', reason })

/**
 * Whose failure an end is, and why; undefined where all went well. The one place that decides it.
 * @param errorType of the error that the caller is told, where there is one.
 */
export function failureOf(end: WorkEnd, errorType: string | undefined): Failure | undefined {
  switch (end.kind) {
    case 'result':
      return undefined
    case 'streamed':
      return end.error === undefined ? undefined : ofFunction('stream_aborted')
    case 'malformed':
      return ofFunction('malformed')
    case 'error':
      return ofFunction(REASON_BY_TYPE.get(errorType ?? '') ?? 'handler_error')
    case 'timeout':
      return ofFunction('timeout')
    case 'unserved':
      return ofPlatform(end.why)
    case 'failed_init':
      return ofInit(end.failure)
    case 'died':
      return end.started ? ofDeath(end.reason) : ofPlatform(unstartedReason(end.reason))
  }
}

const REASON_BY_TYPE: ReadonlyMap<string, FailureReason> = new Map([
  ['Function.ResponseSizeTooLarge', 'response_too_large'],
  ['Runtime.UnhandledPromiseRejection', 'uncaught'],
  ['Runtime.NodeJsExit', 'exit'],
])

/** Why an environment ended under an invocation that had not begun. */
export function unstartedReason({ hung, brokeProtocol }: DeathReason): FailureReason {
  if (hung !== undefined) return 'start_timeout'
  return brokeProtocol ? 'protocol' : 'env_exit'
}

function ofDeath(reason: DeathReason): Failure {
  if (wasKilled(reason) && reason.signal !== null) {
    return { ...ofPlatform('interrupted'), cause: reason.signal }
  }
  if (reason.outOfMemory) return ofFunction('oom')
  return ofFunction(reason.brokeProtocol ? 'protocol' : 'exit')
}

function ofInit({ error, notStarted, timedOut, reason }: InitFailure): Failure {
  if (notStarted !== undefined) return ofPlatform(notStarted.why)
  if (error !== undefined) return ofFunction('init_error')
  if (timedOut) return ofFunction('init_timeout')
  if (reason.outOfMemory) return ofFunction('init_oom')
  return wasKilled(reason) ? ofPlatform('env_killed') : ofFunction('init_exit')
}
