import { isThrottled, percentile } from './figures.ts'
import type { Run } from './flood.ts'
import type { Scenario } from './scenario.ts'
import type { Sample } from './watch.ts'

/** How a run went over time. */
export interface Curves {
  readonly concurrency: readonly Sample[]
  readonly bins: readonly Bin[]
}

/** A stretch of `Scenario.binMs`. */
export interface Bin {
  readonly fromMs: number
  readonly userThrottlesPerSecond: number
  readonly etlThrottlesPerSecond: number
  /** p99 of what the users waited who came in it. */
  readonly userWaitMs: number
}

export function toCurves({ users, jobs, samples }: Run, { binMs }: Scenario): Curves {
  const refusals = users.filter(isThrottled).map(({ atMs, latencyMs }) => atMs + latencyMs)
  const usersByBin = countByBin(refusals, binMs)
  const etlByBin = countByBin(
    jobs.flatMap(({ throttledMs }) => throttledMs),
    binMs,
  )
  const waits = Map.groupBy(users, ({ atMs }) => Math.floor(atMs / binMs))
  const length = Math.ceil(Math.max(...samples.map(({ atMs }) => atMs)) / binMs)
  const bins = Array.from({ length }, (_, index) => ({
    fromMs: index * binMs,
    userThrottlesPerSecond: ((usersByBin.get(index) ?? 0) * 1000) / binMs,
    etlThrottlesPerSecond: ((etlByBin.get(index) ?? 0) * 1000) / binMs,
    userWaitMs:
      percentile(
        (waits.get(index) ?? []).map(({ waitedMs }) => waitedMs),
        0.99,
      ) || 0,
  }))
  return { concurrency: samples, bins }
}

function countByBin(timesMs: readonly number[], binMs: number): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const ms of timesMs) {
    const index = Math.floor(ms / binMs)
    counts.set(index, (counts.get(index) ?? 0) + 1)
  }
  return counts
}
