import type { Metric, Registry } from 'prom-client'

/** One line of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  /** Where it differs from the metric's: the `_bucket`, `_sum` and `_count` of a histogram. */
  readonly metricName?: string
}

/** A metric that is read from our own counts when somebody asks for it. */
export interface Collector {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: () => Iterable<Sample>
}

/**
 * Adds a collector to a registry of prom-client. Its own classes keep counts, and look labels up by a
 * hash of text for each of them; we count in plain numbers on the way of every invocation and leave
 * the format to the registry, which asks a metric for nothing but `get()`.
 */
export function register(registry: Registry, { samples, ...about }: Collector): void {
  const metric = { ...about, get: () => ({ ...about, values: [...samples()] }) }
  registry.registerMetric(metric as unknown as Metric)
}
