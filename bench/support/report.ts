import type { Sample } from './sample.ts'
import { formatSummary, median, summarize, type Summary } from './stats.ts'
import { formatTable } from './table.ts'

/** A peer at one number of connections: one sample a round. */
export interface Series {
  readonly title: string
  readonly connections: number
  readonly samples: Sample[]
}

const HEAD = [
  'peer',
  'req/s',
  '÷ first',
  'p50 ms',
  'p99 ms',
  'CPU µs/req',
  'memory MB',
  'processes',
  'void',
]

/** Samples of others on the machine above this make a warning. */
const QUIET_CORES = 0.1

/** The table of one number of connections; ratios are to the first series. */
export function describeSeries(series: readonly Series[]): string {
  const [first] = series
  return formatTable(HEAD, first === undefined ? [] : series.map((each) => row(each, first)))
}

function row(series: Series, first: Series): readonly string[] {
  const over = (pick: (sample: Sample) => number): Summary | undefined =>
    summarize(series.samples.filter((sample) => !isInvalid(sample)).map(pick))
  return [
    series.title,
    formatSummary(over((sample) => sample.requestsPerSecond)),
    formatSummary(summarize(ratios(series, first)), 3),
    formatSummary(
      over((sample) => sample.p50Ms),
      2,
    ),
    formatSummary(
      over((sample) => sample.p99Ms),
      1,
    ),
    formatSummary(
      over((sample) => sample.cpuUsPerRequest),
      1,
    ),
    formatSummary(
      over((sample) => sample.memoryMb),
      0,
    ),
    `${Math.max(...series.samples.map((sample) => sample.processes))}`,
    `${series.samples.filter(isInvalid).length}`,
  ]
}

/** Request rates divided pair by pair: the two samples of a round stand next to each other in time. */
export function ratios(series: Series, first: Series): readonly number[] {
  return series.samples.flatMap((sample, round) => {
    const other = first.samples[round]
    if (other === undefined || isInvalid(sample) || isInvalid(other)) return []
    return [sample.requestsPerSecond / other.requestsPerSecond]
  })
}

/** What would make a reader doubt the tables, one sentence each. */
export function warnings(series: readonly Series[]): readonly string[] {
  const samples = series.flatMap((each) => each.samples)
  const reasons = series.flatMap(({ title, connections, samples: own }) =>
    own.flatMap(({ invalid }) =>
      invalid === undefined ? [] : [`${title}, ${connections} connections: ${invalid}`],
    ),
  )
  const foreign = median(samples.map(({ foreignCores }) => foreignCores))
  if (foreign < QUIET_CORES) return reasons
  return [...reasons, `others on this machine used ${foreign.toFixed(2)} cores (median)`]
}

/** Whether a sample must not be counted. */
export function isInvalid({ invalid }: Sample): boolean {
  return invalid !== undefined
}
