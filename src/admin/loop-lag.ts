import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How late the event loop of this process runs. */
export interface LoopLag {
  /** Seconds, for each quantile, since the last time this was asked. */
  take(quantiles: readonly number[]): number[]
  stop(): void
}

/** Rarely enough to cost nothing, often enough to see what a caller would feel. */
const RESOLUTION_MS = 100
/** A handler's result, or anything else, waits this long for us: worth a line in the log. */
const WARN_MS = 1000

/** Watches the event loop; `onBlocked` is told how long it stood still whenever that was above a second. */
export function watchLoopLag(onBlocked: (lagMs: number) => void): LoopLag {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  let lastMs = performance.now()
  const watch = setInterval(() => {
    const nowMs = performance.now()
    const lagMs = nowMs - lastMs - WARN_MS
    lastMs = nowMs
    if (lagMs > WARN_MS) onBlocked(lagMs)
  }, WARN_MS)
  watch.unref()
  return {
    take(quantiles) {
      const lags = quantiles.map((quantile) => secondsOf(delays.percentile(quantile * 100 || 1)))
      delays.reset()
      return lags
    },
    stop() {
      delays.disable()
      clearInterval(watch)
    },
  }
}

/** A delay counts from one look to the next; what is beyond the wanted distance is lag. */
function secondsOf(delayNs: number): number {
  return Math.max(0, delayNs / 1e9 - RESOLUTION_MS / 1000)
}
