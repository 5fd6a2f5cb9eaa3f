import type { Clock } from '../lib/clock.ts'
import type { DeathReason, InitFailure } from './work.ts'

/** A function that cannot be loaded: its callers are told at once, and one start a while probes. */
export interface Failing {
  readonly failure: InitFailure
  readonly backoffMs: number
  readonly probeAtMs: number
}

/** Lambda, too, tries the init phase a second time before it says that it failed. */
const FAILED_MAX = 2
/**
 * What killed it from outside may be over by the next time: callers are told only of what goes on for
 * so long. A mere count says nothing where several start at once and one hand kills them all.
 */
const KILLED_FOR_MS = 10_000
const PROBE_FIRST_MS = 1000
const PROBE_LAST_MS = 30_000
/** Out of processes, memory or file descriptors: soon there may be one. */
const REST_FIRST_MS = 50
const REST_LAST_MS = 2000

/** What the starts that failed in a row say about a function and about the machine. */
export class FailedInits {
  readonly #clock: Clock
  #restMs = 0
  #restUntilMs = 0
  /** When the first of those was killed that all were, without another one in between. */
  #killedSinceMs: number | undefined
  /** Of those in a row, the function's own. */
  #own = 0
  /** In a row. */
  count = 0
  failing: Failing | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The machine gave no process just now; a start before this is over would get none either. */
  get mustRest(): boolean {
    return this.#clock.nowMs() < this.#restUntilMs
  }

  /**
   * Counts one more. True when callers are to be told from now on: `failing` says what.
   * While only the machine is short of something nobody is told anything: there is time until the
   * callers' deadlines.
   */
  add(failure: InitFailure): boolean {
    this.count++
    if (failure.notStarted?.passing === true) {
      this.#rest()
      return false
    }
    if (this.#isKilled(failure)) {
      if (!this.#killedTooLong()) return false
    } else if (++this.#own < FAILED_MAX) return false
    const nowMs = this.#clock.nowMs()
    // One of several that were started together, before it was known: no probe.
    if (this.failing !== undefined && nowMs < this.failing.probeAtMs) return false
    const backoffMs = Math.min((this.failing?.backoffMs ?? PROBE_FIRST_MS / 2) * 2, PROBE_LAST_MS)
    this.failing = { failure, backoffMs, probeAtMs: nowMs + backoffMs }
    return true
  }

  #isKilled({ error, timedOut, reason }: InitFailure): boolean {
    if (error === undefined && !timedOut && wasKilled(reason)) return true
    this.#killedSinceMs = undefined
    return false
  }

  #killedTooLong(): boolean {
    const nowMs = this.#clock.nowMs()
    // The first is replaced at once.
    if (this.#killedSinceMs !== undefined) this.#rest()
    this.#killedSinceMs ??= nowMs
    return nowMs - this.#killedSinceMs >= KILLED_FOR_MS
  }

  /** An environment became ready, or the function is another one now. */
  clear(): void {
    this.count = 0
    this.#own = 0
    this.failing = undefined
    this.#killedSinceMs = undefined
    this.#restMs = 0
    this.#restUntilMs = 0
  }

  #rest(): void {
    this.#restMs = Math.min(Math.max(REST_FIRST_MS, this.#restMs * 2), REST_LAST_MS)
    this.#restUntilMs = this.#clock.nowMs() + this.#restMs
  }
}

/** Whether somebody else's hand ended a process: its own memory limit is its own doing. */
export function wasKilled({ signal, outOfMemory, brokeProtocol }: DeathReason): boolean {
  return (signal === 'SIGKILL' || signal === 'SIGTERM') && !outOfMemory && !brokeProtocol
}
