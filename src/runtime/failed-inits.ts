import type { Clock } from '../lib/clock.ts'
import type { InitFailure } from './work.ts'

/** How often in a row a function may fail to load before its callers are told. */
const BY_FUNCTION_MAX = 2
/** How often in a row the machine may: some three seconds, with the rests between. */
const BY_MACHINE_MAX = 7
const REST_FIRST_MS = 50
const REST_LAST_MS = 2000

/** The starts in a row that came to nothing. */
export interface FailedInits {
  /** True when that was one too many. */
  add(failure: InitFailure): boolean
  /** How long it is better not to start another one. */
  restMs(): number
  clear(): void
}

/**
 * Tells what the function does from what the machine does: a process that could not be started, or
 * was killed from outside while it loaded, says nothing about the function. It is tried again after
 * a moment, and whoever waits keeps waiting.
 */
export function createFailedInits(clock: Clock): FailedInits {
  let byFunction = 0
  let byMachine = 0
  let restUntilMs = 0
  return {
    add(failure) {
      if (!isByMachine(failure)) return ++byFunction >= BY_FUNCTION_MAX
      restUntilMs = clock.nowMs() + Math.min(REST_FIRST_MS * 2 ** byMachine, REST_LAST_MS)
      return ++byMachine >= BY_MACHINE_MAX
    },
    restMs: () => Math.max(0, restUntilMs - clock.nowMs()),
    clear() {
      byFunction = 0
      byMachine = 0
      restUntilMs = 0
    },
  }
}

function isByMachine({ notStarted, error, timedOut, reason }: InitFailure): boolean {
  if (notStarted !== undefined) return true
  const killed = reason.signal === 'SIGKILL' && !reason.outOfMemory && !reason.brokeProtocol
  return killed && !timedOut && error === undefined
}
