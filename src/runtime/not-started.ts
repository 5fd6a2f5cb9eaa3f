import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { ProcessCommand } from './process.ts'
import type { NotStarted } from './work.ts'

/** Out of processes, memory or file descriptors. */
const PASSING = /\b(EAGAIN|ENOMEM|EMFILE|ENFILE)\b|out of file descriptors/

export function spawnFailure(why: string): NotStarted {
  const message = `no process could be started: ${why}`
  return { why: 'spawn', message, passing: PASSING.test(why) }
}

/**
 * Whether it is the machine's fault, or our own, that a process did not come to load its function.
 * Asked only where it has ended without a word.
 */
export function whyNotStarted(
  { args }: ProcessCommand,
  spawnError: string | undefined,
): NotStarted | undefined {
  if (spawnError !== undefined) return spawnFailure(spawnError)
  const missing = args.find((arg) => isAbsolute(arg) && !existsSync(arg))
  if (missing === undefined) return undefined
  return {
    why: 'bootstrap',
    message: `what starts the function is missing: ${missing}`,
    passing: false,
  }
}
