import { Registry } from 'prom-client'
import type { FunctionTally, Histogram, Tally } from '../invoke/tally.ts'
import { register, type Collector, type Sample } from './collector.ts'
import { failureCollectors } from './failure-metrics.ts'
import { gateCollectors } from './gate-metrics.ts'
import { histogramSamples } from './histogram.ts'
import type { AdminOptions } from './options.ts'
import { processCollectors } from './process-metrics.ts'

/** What `/metrics` answers, and its content type. */
export interface Metrics {
  readonly contentType: string
  /** Prometheus's text format. */
  text(): Promise<string>
}

export function createMetrics(options: AdminOptions): Metrics {
  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    text() {
      // A registry for each time: all it says of the gate is of one moment, and of one look at it.
      const registry = new Registry()
      const all = [
        ...invocationCollectors(options.tally),
        ...failureCollectors(options.tally),
        ...gateCollectors(options.gate.snapshot()),
        ...environmentCollectors(options),
        ...processCollectors(options.lag),
      ]
      for (const collector of all) register(registry, collector)
      return registry.metrics()
    },
  }
}

function invocationCollectors(tally: Tally): Collector[] {
  const each = (samplesOf: (functionName: string, tally: FunctionTally) => Iterable<Sample>) =>
    function* (): Generator<Sample> {
      for (const [name, one] of tally.functions) yield* samplesOf(name, one)
    }
  const histogram = (name: string, help: string, of: (tally: FunctionTally) => Histogram) =>
    ({
      name,
      help,
      type: 'histogram',
      samples: each((functionName, one) =>
        histogramSamples(name, { function: functionName }, of(one)),
      ),
    }) satisfies Collector

  return [
    {
      name: 'spillway_invocations_total',
      help: 'Invocations that have ended, by how they came and how they ended',
      type: 'counter',
      samples: each(outcomeSamples),
    },
    {
      name: 'spillway_throttles_total',
      help: 'Throttled invocations, by the kind and the name of the limit in the way, and why it was',
      type: 'counter',
      samples: each(throttleSamples),
    },
    histogram('spillway_wait_seconds', 'Wait in the gate', ({ waits }) => waits),
    histogram('spillway_duration_seconds', "The handler's own time", ({ durations }) => durations),
    histogram('spillway_init_duration_seconds', 'Init of environments', ({ inits }) => inits),
  ]
}

function* outcomeSamples(functionName: string, { outcomes }: FunctionTally): Generator<Sample> {
  for (const [source, counts] of outcomes) {
    for (const [outcome, value] of Object.entries(counts)) {
      yield { labels: { function: functionName, source, outcome }, value }
    }
  }
}

function* throttleSamples(functionName: string, { throttles }: FunctionTally): Generator<Sample> {
  for (const [limit, byWhy] of throttles) {
    const [reason = ''] = limit.split('/', 1)
    for (const [why, value] of byWhy) {
      yield { labels: { function: functionName, reason, limit, why }, value }
    }
  }
}

function environmentCollectors({ pools, exits, kills, version }: AdminOptions): Collector[] {
  return [
    {
      name: 'spillway_environments',
      help: 'Execution environments',
      type: 'gauge',
      *samples() {
        for (const { functionName, counts } of pools()) {
          for (const state of ['busy', 'idle', 'starting'] as const) {
            yield { labels: { function: functionName, state }, value: counts[state] }
          }
        }
      },
    },
    {
      name: 'spillway_environment_exits_total',
      help: 'Execution environments that have ended',
      type: 'counter',
      *samples() {
        for (const [reason, value] of exits()) yield { labels: { reason }, value }
      },
    },
    {
      name: 'spillway_env_kills_total',
      help: 'Execution environments that were ended by force while they were wanted',
      type: 'counter',
      *samples() {
        for (const [reason, value] of kills()) yield { labels: { reason }, value }
      },
    },
    {
      name: 'spillway_build_info',
      help: 'What runs here; always 1',
      type: 'gauge',
      samples: () => [{ labels: { version, node: process.version }, value: 1 }],
    },
  ]
}
