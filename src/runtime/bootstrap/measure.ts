import { nowMs as now, peakMemoryKib as peakNow } from './own.ts'

/** How old the figure of the peak memory may be: asking for it takes as long as a brief handler. */
const MEMORY_MS = 50
let peakMemoryKib = 0
let memoryAtMs = -Infinity

/** Duration in milliseconds and peak memory in KiB, a line each. */
export function measured(sinceMs: number): string {
  const nowMs = now()
  if (nowMs - memoryAtMs > MEMORY_MS) {
    peakMemoryKib = peakNow()
    memoryAtMs = nowMs
  }
  return `${(nowMs - sinceMs).toFixed(3)}\n${peakMemoryKib}`
}
