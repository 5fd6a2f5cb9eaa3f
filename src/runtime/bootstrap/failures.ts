import process from 'node:process'
import { FRAME } from '../frames.ts'
import { finishWithError } from './answer.ts'
import { send, sendLog } from './channel.ts'
import { errorLine } from './console.ts'
import { namedError } from '../../lib/named-error.ts'
import { toErrorJson } from './errors.ts'
import { stringifyJson } from './own.ts'
import { allRunning, owner, runningCount, runsSeveral } from './running.ts'

let exitAfter: number | undefined
let loaded = false

/** Watches over what nobody catches. */
export function catchFailures(): void {
  process.on('uncaughtException', (error) => fail('Uncaught Exception', error, 129))
  process.on('unhandledRejection', (reason) => {
    const rejection = namedError('Runtime.UnhandledPromiseRejection', toText(reason))
    fail('Unhandled Promise Rejection', rejection, 128)
  })
}

/** Not everything can be printed. */
function toText(value: unknown): string {
  try {
    return String(value)
  } catch {
    return typeof value
  }
}

/** From now on a failure is an invocation's, and not the init's. */
export function onLoaded(): void {
  loaded = true
}

/** Whether this process takes no more: something went wrong that outlives its invocation. */
export function isLeaving(): boolean {
  return exitAfter !== undefined
}

/** Ends the process if it is to end and nothing runs any more. */
export function exitIfLeft(): void {
  if (exitAfter !== undefined && runningCount() === 0) process.exit(exitAfter)
}

/**
 * What is wrong is beyond one invocation, so the process ends: after those that run and had no part
 * in it. (On Lambda, the one that runs now would fail for what an earlier one left behind.)
 */
export function fail(title: string, error: unknown, exitCode: number): void {
  const [only] = runsSeveral() ? [] : allRunning()
  const culprit = owner.getStore() ?? only
  const line = errorLine(title, culprit?.id, error)
  sendLog(culprit?.over === false ? culprit.seq : (only?.seq ?? 0), line)
  if (!loaded) send(FRAME.initError, 0, '', stringifyJson(toErrorJson(error)) ?? '')
  // Whose it is cannot be told, so nothing that runs here can be trusted.
  if (culprit === undefined) process.exit(exitCode)
  if (exitAfter === undefined) send(FRAME.leaving, 0, '', '')
  exitAfter ??= exitCode
  // Sends all that have not begun elsewhere, and ends the process if it was the last that ran.
  if (!culprit.over) finishWithError(culprit, error)
  exitIfLeft()
}
