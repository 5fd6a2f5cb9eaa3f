import { INIT_TIMEOUT_MS } from '../runtime/pool.ts'
import type { DeathReason, Died, InitFailure, WorkEnd } from '../runtime/work.ts'
import { failureOf } from './failure.ts'
import type { FunctionError, Outcome } from './invocation.ts'

/** The part of an outcome that says how it ended; the invoker adds the facts. */
export type Ending = Outcome extends infer Each
  ? Each extends Outcome
    ? Omit<Each, 'handlerStarted' | 'attempts' | 'waitedMs' | 'durationMs' | 'initMs' | 'logTail'>
    : never
  : never

/** What the environment said, in the words of Lambda's callers, and whose failure it was. */
export function toEnding(end: WorkEnd, requestId: string): Ending {
  const ending = toStatus(end, requestId)
  const failure = failureOf(end, 'error' in ending ? ending.error.errorType : undefined)
  return failure === undefined ? ending : { ...ending, failure }
}

function toStatus(end: WorkEnd, requestId: string): Ending {
  switch (end.kind) {
    case 'result':
      return { status: 'ok', result: end.result }
    case 'streamed':
      return end.error === undefined
        ? { status: 'ok', result: { kind: 'streamed' } }
        : { status: 'function_error', error: fromJson(end.error) }
    case 'malformed':
      return { status: 'malformed', reason: end.reason }
    case 'error':
      return { status: 'function_error', error: fromJson(end.error) }
    case 'timeout':
      return { status: 'timeout', error: timeoutError(requestId, end.durationMs) }
    case 'unserved':
      return { status: 'platform_error', message: end.message }
    case 'failed_init':
      return ofFailedInit(end.failure, requestId)
    case 'died':
      return end.started ? ofDeath(end, requestId) : neverStarted(end.reason)
  }
}

function neverStarted(reason: DeathReason): Ending {
  const message = `the execution environment ended before the handler began (${describeExit(reason)})`
  return { status: 'platform_error', message }
}

/** What the machine did to it is not the function's error. */
function ofFailedInit(failure: InitFailure, requestId: string): Ending {
  const { errorClass } = failureOf({ kind: 'failed_init', failure }, undefined) ?? {}
  if (errorClass === 'function') {
    return { status: 'function_error', error: initError(failure, requestId) }
  }
  const { notStarted, reason } = failure
  const killed = `the execution environment ended while it was starting (${describeExit(reason)})`
  return { status: 'platform_error', message: notStarted?.message ?? killed }
}

/** Killed from outside is not the function's fault, and is counted apart. */
function ofDeath(end: Died, requestId: string): Ending {
  const { reason } = end
  const error = exitError(reason, requestId)
  const { reason: why } = failureOf(end, undefined) ?? {}
  return { status: why === 'interrupted' ? 'interrupted' : 'function_error', error }
}

/** The error of a function that cannot be loaded; also what the INIT_REPORT names. */
export function initError(failure: InitFailure, requestId: string): FunctionError {
  const { error, timedOut, reason, invalidEntrypoint } = failure
  if (error !== undefined) return fromJson(error)
  if (invalidEntrypoint !== undefined) {
    const message = `RequestId: ${requestId} Error: ${invalidEntrypoint}`
    return functionError('Runtime.InvalidEntrypoint', message)
  }
  return timedOut ? timeoutError(requestId, INIT_TIMEOUT_MS) : exitError(reason, requestId)
}

/** Recorded 2025-11: `Task timed out after 3.00 seconds`. */
function timeoutError(requestId: string, timeoutMs: number): FunctionError {
  const seconds = (timeoutMs / 1000).toFixed(2)
  return functionError(
    'Sandbox.Timedout',
    `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  )
}

function exitError(reason: DeathReason, requestId: string): FunctionError {
  const type = reason.outOfMemory ? 'Runtime.OutOfMemory' : 'Runtime.ExitError'
  return functionError(type, `RequestId: ${requestId} Error: ${describeExit(reason)}`)
}

/** In the words of Lambda, which are Go's. */
const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGILL: 'illegal instruction',
  SIGKILL: 'killed',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
}

/** `Runtime exited with error: signal: killed`, as Lambda says it. */
export function describeExit({ code, signal }: DeathReason): string {
  if (signal !== null) return `Runtime exited with error: signal: ${SIGNALS[signal] ?? signal}`
  if (code === 0 || code === null) return 'Runtime exited without providing a reason'
  return `Runtime exited with error: exit status ${code}`
}

function functionError(errorType: string, errorMessage: string): FunctionError {
  const json = Buffer.from(JSON.stringify({ errorType, errorMessage }))
  return { errorType, errorMessage, json }
}

/** The runtime wrote it; but it did so in the function's own process. */
function fromJson(json: Uint8Array): FunctionError {
  try {
    const { errorType, errorMessage } = JSON.parse(Buffer.from(json).toString()) as Record<
      string,
      unknown
    >
    return { errorType: String(errorType), errorMessage: String(errorMessage), json }
  } catch {
    return functionError('Runtime.Unknown', 'the error of the function could not be read')
  }
}
