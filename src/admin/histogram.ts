import { BUCKETS_MS, type Histogram } from '../invoke/tally.ts'
import type { Sample } from './collector.ts'

/** A histogram of milliseconds as Prometheus has it: in seconds, every bucket counting those below. */
export function* histogramSamples(
  name: string,
  labels: Sample['labels'],
  { counts, sumMs }: Histogram,
): Generator<Sample> {
  let below = 0
  for (const [index, count] of counts.entries()) {
    below += count
    const boundMs = BUCKETS_MS[index]
    const le = boundMs === undefined ? '+Inf' : String(boundMs / 1000)
    yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
  }
  yield { metricName: `${name}_sum`, labels, value: sumMs / 1000 }
  yield { metricName: `${name}_count`, labels, value: below }
}
