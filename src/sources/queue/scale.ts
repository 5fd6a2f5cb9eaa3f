import type { Clock } from '../../lib/clock.ts'

/** Lambda's rules for a standard queue ("Configuring scaling behavior for SQS event source mappings"). */
const FIRST = 5
const MORE_PER_MINUTE = 300
const MOST = 1250
const MINUTE_MS = 60_000

/** How many batches of one mapping may run at once. */
export interface Scale {
  max(): number
  /** There is work, or there is none: it grows only while there is. */
  setBusy(busy: boolean): void
}

/** As on Lambda: five at once, 300 more each minute while the queue is not empty, 1,250 at most. */
export function lambdaScale(clock: Clock): Scale {
  let sinceMs: number | undefined
  return {
    max() {
      if (sinceMs === undefined) return FIRST
      const grown = ((clock.nowMs() - sinceMs) / MINUTE_MS) * MORE_PER_MINUTE
      return Math.min(MOST, FIRST + Math.floor(grown))
    },
    setBusy(busy) {
      if (!busy) sinceMs = undefined
      else sinceMs ??= clock.nowMs()
    },
  }
}

/** The gate's limits alone decide. */
export const noScale: Scale = { max: () => Infinity, setBusy: () => {} }
