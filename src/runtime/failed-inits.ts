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
  return new Failures(clock)
}

/** A class, as every function has one, called or not. */
class Failures implements FailedInits {
  readonly #clock: Clock
  #byFunction = 0
  #byMachine = 0
  #restUntilMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(failure: InitFailure): boolean {
    if (!isByMachine(failure)) return ++this.#byFunction >= BY_FUNCTION_MAX
    const restMs = Math.min(REST_FIRST_MS * 2 ** this.#byMachine, REST_LAST_MS)
    this.#restUntilMs = this.#clock.nowMs() + restMs
    return ++this.#byMachine >= BY_MACHINE_MAX
  }

  restMs(): number {
    return Math.max(0, this.#restUntilMs - this.#clock.nowMs())
  }

  clear(): void {
    this.#byFunction = 0
    this.#byMachine = 0
    this.#restUntilMs = 0
  }
}

function isByMachine({ notStarted, error, timedOut, reason }: InitFailure): boolean {
  if (notStarted !== undefined) return true
  const killed = reason.signal === 'SIGKILL' && !reason.outOfMemory && !reason.brokeProtocol
  return killed && !timedOut && error === undefined
}
