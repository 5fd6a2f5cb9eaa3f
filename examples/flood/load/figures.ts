import type { Run } from './flood.ts'
import type { Scenario } from './scenario.ts'
import type { UserResult } from './users.ts'

/** What a run comes to. */
export interface Figures {
  readonly users: UserFigures
  readonly etl: EtlFigures
  readonly generatorBusy: number
  readonly machineBusy: number
}

/**
 * Of the users. Counts are of the whole run; shares, waits and latencies are of those who came while
 * the ETL ran, because the calm before and after would only thin them out. Of a run without ETL, all.
 */
export interface UserFigures {
  readonly sent: number
  readonly throttled: number
  /** Answered with something else than 200 and 429, or not at all. */
  readonly lost: number
  /** Of those in the flood. */
  readonly inFlood: number
  readonly throttledShare: number
  readonly waitP50Ms: number
  readonly waitP99Ms: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface EtlFigures {
  readonly jobs: number
  /** Different jobs that are done. */
  readonly done: number
  /** From the burst to the end of the last job, in seconds. */
  readonly seconds: number
  readonly throttled: number
  readonly failures: number
}

export function toFigures(run: Run, scenario: Scenario): Figures {
  return {
    users: userFigures(run, scenario),
    etl: etlFigures(run, scenario),
    generatorBusy: run.generatorBusy,
    machineBusy: run.machineBusy,
  }
}

/** When the last job was done; of a run without jobs, never. */
export function floodEndMs({ jobs }: Run): number {
  return jobs.length === 0 ? Infinity : Math.max(...jobs.map(({ doneMs }) => doneMs))
}

function userFigures(run: Run, { burstAtMs }: Scenario): UserFigures {
  const fromMs = run.jobs.length === 0 ? 0 : burstAtMs
  const toMs = floodEndMs(run)
  const inFlood = run.users.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
  const served = inFlood.filter(({ status }) => status === 200)
  const waits = served.map(({ waitedMs }) => waitedMs)
  const latencies = served.map(({ latencyMs }) => latencyMs)
  return {
    sent: run.users.length,
    throttled: run.users.filter(isThrottled).length,
    lost: run.users.filter(({ status }) => status !== 200 && status !== 429).length,
    inFlood: inFlood.length,
    throttledShare: inFlood.filter(isThrottled).length / inFlood.length,
    waitP50Ms: percentile(waits, 0.5),
    waitP99Ms: percentile(waits, 0.99),
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  }
}

function etlFigures(run: Run, { burstAtMs }: Scenario): EtlFigures {
  const { jobs } = run
  return {
    jobs: jobs.length,
    done: new Set(jobs.map(({ id }) => id)).size,
    seconds: jobs.length === 0 ? 0 : (floodEndMs(run) - burstAtMs) / 1000,
    throttled: jobs.reduce((sum, { throttledMs }) => sum + throttledMs.length, 0),
    failures: jobs.reduce((sum, { failures }) => sum + failures, 0),
  }
}

export function isThrottled({ status }: UserResult): boolean {
  return status === 429
}

/** The value that this share of them does not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN
}
