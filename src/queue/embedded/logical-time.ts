import type { Clock } from '../../lib/clock.ts'

/** A wall clock that was set is believed after this long. */
const STABLE_MS = 10 * 60_000
/** What clocks differ by without having been set. */
const SLACK_MS = 1000

/**
 * Milliseconds since 1970 that never go back, whatever is done to the machine's clock: what is hidden
 * until a moment must not stay hidden for ever, and nothing be thrown away as old too early.
 */
export class LogicalTime {
  readonly #clock: Clock
  /** From the monotonic clock to the time we tell. */
  #offsetMs: number
  #seen: { offsetMs: number; sinceMs: number } | undefined

  /** @param atLeastMs what was the time when the file was last written. */
  constructor(clock: Clock, atLeastMs: number) {
    this.#clock = clock
    this.#offsetMs = Math.max(clock.wallMs(), atLeastMs) - clock.nowMs()
  }

  nowMs(): number {
    return Math.floor(this.#clock.nowMs() + this.#offsetMs)
  }

  /** To be called now and then: follows a wall clock that was set forward, once it has stayed so. */
  follow(): void {
    const offsetMs = this.#clock.wallMs() - this.#clock.nowMs()
    const nowMs = this.#clock.nowMs()
    if (offsetMs - this.#offsetMs <= SLACK_MS) this.#seen = undefined
    else if (this.#seen === undefined || Math.abs(this.#seen.offsetMs - offsetMs) > SLACK_MS) {
      this.#seen = { offsetMs, sinceMs: nowMs }
    } else if (nowMs - this.#seen.sinceMs >= STABLE_MS) {
      this.#offsetMs = offsetMs
      this.#seen = undefined
    }
  }
}
