import type { FunctionTally, Tally } from '../invoke/tally.ts'
import type { Collector, Sample } from './collector.ts'

/** What did not go well, whose failure it was, and what was done about it. */
export function failureCollectors(tally: Tally): Collector[] {
  const each = (samplesOf: (functionName: string, tally: FunctionTally) => Iterable<Sample>) =>
    function* (): Generator<Sample> {
      for (const [name, one] of tally.functions) yield* samplesOf(name, one)
    }

  return [
    {
      name: 'spillway_dispatch_retries_total',
      help: 'Invocations handed over again because their environment ended before the handler began',
      type: 'counter',
      samples: each((name, { retries }) =>
        Array.from(retries, ([reason, value]) => ({ labels: { function: name, reason }, value })),
      ),
    },
    {
      name: 'spillway_errors_total',
      help: 'Invocations that did not go well, by whose failure it was, why, and whether the handler had begun',
      type: 'counter',
      samples: each(errorSamples),
    },
    {
      name: 'spillway_interrupted_total',
      help: 'Handlers that had begun when their environment was taken away, by the signal',
      type: 'counter',
      samples: each((name, { interrupted }) =>
        Array.from(interrupted, ([cause, value]) => ({ labels: { function: name, cause }, value })),
      ),
    },
    {
      name: 'spillway_late_results_total',
      help: 'Answers that came after their invocation had timed out, and were dropped',
      type: 'counter',
      samples: each((name, { lateResults }) => [
        { labels: { function: name }, value: lateResults },
      ]),
    },
    {
      name: 'spillway_log_lines_cut_total',
      help: 'Log lines that were longer than 256 KiB',
      type: 'counter',
      samples: each((name, { cutLines }) => [{ labels: { function: name }, value: cutLines }]),
    },
  ]
}

/** The counts of one function, throttles by the limit that was in the way. */
function* errorSamples(
  functionName: string,
  { errors, throttles }: FunctionTally,
): Generator<Sample> {
  for (const [key, value] of errors) {
    const [errorClass = '', reason = '', started = ''] = key.split('/')
    yield { labels: { function: functionName, class: errorClass, reason, started }, value }
  }
  for (const [reason, byWhy] of throttles) {
    const value = byWhy.values().reduce((sum, count) => sum + count, 0)
    yield { labels: { function: functionName, class: 'throttle', reason, started: '0' }, value }
  }
}
