/** What a start takes, before one has been measured. */
const INIT_GUESS_MS = 150

/** What is known of a function's environments and of those who wait for one. */
export interface Demand {
  readonly waiting: number
  readonly oldestMs: number
  /** Ready and able to take work, or starting. */
  readonly environments: number
  /** More than this many at once gain nothing. */
  readonly usefulMax: number
  /** How many invocations each runs at once. */
  readonly concurrency: number
  readonly hasReady: boolean
  /** How long the one that is busy longest has been so. */
  readonly longestBusyMs: number
  /** Running means; undefined before the first. */
  readonly durationMs: number | undefined
  readonly initMs: number | undefined
}

/**
 * Another environment is worth its start when waiting for a warm one would take longer than a
 * start. Lambda starts one for each concurrent request; on one machine that is how 64 connections
 * become 64 processes and a third of the throughput (`bench/README.md`).
 */
export function isStartWorthIt(demand: Demand): boolean {
  const { waiting, oldestMs, environments, durationMs, longestBusyMs } = demand
  const startMs = demand.initMs ?? INIT_GUESS_MS
  if (environments === 0) return true
  if (environments >= demand.usefulMax) return false
  if (durationMs === undefined) return !demand.hasReady || longestBusyMs > startMs
  const servers = environments * demand.concurrency
  return (durationMs * waiting) / servers > startMs || Math.min(oldestMs, longestBusyMs) > startMs
}
