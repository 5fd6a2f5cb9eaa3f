import type { Clock } from '../lib/clock.ts'

const WINDOW_MS = 1000
const RETRIES_MIN = 10
const RETRIES_SHARE = 0.1

/** Bounds retries, so that a machine that kills everything is not also asked to start everything. */
export interface RetryBudget {
  onInvocation(): void
  /** Takes one retry; false when none is left in this second. */
  take(): boolean
  /** How long until there are some again. */
  restMs(): number
}

/** Ten retries a second, or a tenth of the rate where that is more. */
export function createRetryBudget(clock: Clock): RetryBudget {
  let windowStartMs = clock.nowMs()
  let invocations = 0
  let previous = 0
  let retries = 0

  const roll = (): void => {
    const elapsedMs = clock.nowMs() - windowStartMs
    if (elapsedMs < WINDOW_MS) return
    previous = elapsedMs < 2 * WINDOW_MS ? invocations : 0
    windowStartMs += Math.floor(elapsedMs / WINDOW_MS) * WINDOW_MS
    invocations = 0
    retries = 0
  }

  return {
    onInvocation() {
      roll()
      invocations++
    },
    take() {
      roll()
      const rate = Math.max(invocations, previous)
      if (retries >= Math.max(RETRIES_MIN, rate * RETRIES_SHARE)) return false
      retries++
      return true
    },
    restMs: () => windowStartMs + WINDOW_MS - clock.nowMs(),
  }
}
