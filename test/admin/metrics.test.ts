import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { histogramSamples } from '../../src/admin/histogram.ts'
import { BUCKETS_MS, createTally } from '../../src/invoke/tally.ts'
import type { Invocation, Outcome } from '../../src/invoke/invocation.ts'
import { serveAdmin, type ServedAdmin } from './serve.ts'

const FACTS = { handlerStarted: true, attempts: 1, waitedMs: 3, durationMs: 20 }
const INVOCATION = { functionName: 'report', source: 'http' } as Invocation
const OK = { status: 'ok', ...FACTS } as unknown as Outcome

/** An invocation that this limit kept out. */
function throttled(scope: 'account' | 'group', name: string): Outcome {
  const blocked = {
    scope,
    name,
    max: 1,
    inUse: 1,
    waitedMs: 0,
    why: 'maxConcurrency',
    retryAfterMs: 2500,
  } as const
  return { ...FACTS, status: 'throttled', blocked }
}

/** The lines of `/metrics` that begin with this. */
async function linesOf(served: ServedAdmin, start: string): Promise<string[]> {
  const { text } = await served.send('/metrics')
  return text.split('\n').filter((line) => line.startsWith(start))
}

describe('Metrics', () => {
  test('count every ending by function, source and outcome', async (t) => {
    const served = await serveAdmin(t)
    served.tally.add(INVOCATION, OK)
    served.tally.add(INVOCATION, OK)
    served.tally.add({ ...INVOCATION, source: 'invoke' }, {
      ...OK,
      status: 'interrupted',
    } as Outcome)
    const nonzero = (await linesOf(served, 'spillway_invocations_total')).filter(
      (line) => !line.endsWith(' 0'),
    )
    assert.deepEqual(nonzero, [
      'spillway_invocations_total{function="report",source="http",outcome="ok"} 2',
      'spillway_invocations_total{function="report",source="invoke",outcome="interrupted"} 1',
    ])
  })

  test('count throttles by the limit that was full', async (t) => {
    const served = await serveAdmin(t)
    served.tally.add(INVOCATION, throttled('group', 'etl'))
    served.tally.add(INVOCATION, throttled('account', ''))
    served.tally.add(INVOCATION, throttled('group', 'nightly load/2'))
    assert.deepEqual(await linesOf(served, 'spillway_throttles_total'), [
      'spillway_throttles_total{function="report",reason="group",limit="group/etl",why="maxConcurrency"} 1',
      'spillway_throttles_total{function="report",reason="account",limit="account",why="maxConcurrency"} 1',
      'spillway_throttles_total{function="report",reason="group",limit="group/nightly load/2",why="maxConcurrency"} 1',
    ])
  })

  test('show what runs, what waits and what the ceilings are', async (t) => {
    const served = await serveAdmin(t)
    served.gate.setSlots('report', 1)
    const ask = {
      functionName: 'report',
      priority: 'batch',
      maxWaitMs: 50,
      deadlineMs: 99,
    } as const
    served.gate.acquire(ask, { onDecision() {} })
    served.gate.acquire(ask, { onDecision() {} })
    assert.ok(
      (await linesOf(served, 'spillway_concurrency{')).includes(
        'spillway_concurrency{function="report"} 1',
      ),
    )
    assert.deepEqual(await linesOf(served, 'spillway_group_concurrency{group="etl"'), [
      'spillway_group_concurrency{group="etl"} 1',
    ])
    assert.deepEqual(await linesOf(served, 'spillway_waiting{function="report",priority="batch"'), [
      'spillway_waiting{function="report",priority="batch"} 1',
    ])
    assert.deepEqual(await linesOf(served, 'spillway_concurrency_limit'), [
      'spillway_concurrency_limit{scope="account",name=""} 100',
      'spillway_concurrency_limit{scope="group",name="etl"} 20',
      'spillway_concurrency_limit{scope="function",name="lead"} 5',
    ])
  })

  test('look at the gate once, and anew each time they are asked for', async (t) => {
    const served = await serveAdmin(t)
    const looks = t.mock.method(served.gate, 'snapshot')
    served.gate.setSlots('report', 1)
    const running = 'spillway_concurrency{function="report"}'
    assert.deepEqual(await linesOf(served, running), [`${running} 0`])
    const ask = { functionName: 'report', priority: 'batch', maxWaitMs: 0, deadlineMs: 9 } as const
    served.gate.acquire(ask, { onDecision() {} })
    assert.deepEqual(await linesOf(served, running), [`${running} 1`])
    assert.equal(looks.mock.callCount(), 2)
  })

  test('show environments, their ends and the build', async (t) => {
    const served = await serveAdmin(t)
    assert.deepEqual(await linesOf(served, 'spillway_environments{'), [
      'spillway_environments{function="report",state="busy"} 2',
      'spillway_environments{function="report",state="idle"} 1',
      'spillway_environments{function="report",state="starting"} 3',
    ])
    assert.deepEqual(await linesOf(served, 'spillway_environment_exits_total{'), [
      'spillway_environment_exits_total{reason="idle"} 4',
    ])
    assert.deepEqual(await linesOf(served, 'spillway_build_info'), [
      `spillway_build_info{version="1.2.3",node="${process.version}"} 1`,
    ])
  })

  test('are in Prometheus’s text format, with names that cannot break out of their label', async (t) => {
    const name = 'a"b\\c\nd} 1'
    const pools = () => [{ functionName: name, counts: { idle: 1, busy: 0, starting: 0 } }]
    const served = await serveAdmin(t, { pools })
    served.tally.add({ ...INVOCATION, functionName: name }, OK)
    const { headers, text } = await served.send('/metrics')
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
    const label = String.raw`[a-z]+="(?:[^"\\\n]|\\["\\n])*"`
    const sample = new RegExp(
      `^(?:spillway_[a-z_]+\\{${label}(?:,${label})*\\}|process_[a-z_]+) [0-9.e+-]+$`,
    )
    const comment =
      /^# (?:HELP (?:spillway|process)_[a-z_]+ .+|TYPE (?:spillway|process)_[a-z_]+ (?:counter|gauge|histogram))$/
    for (const line of text.split('\n').filter((each) => each !== '')) {
      assert.match(line, line.startsWith('#') ? comment : sample)
    }
  })

  test('count failures by whose they are, and throttles by the limit in the way', async (t) => {
    const served = await serveAdmin(t)
    const failure = { errorClass: 'platform', reason: 'interrupted', cause: 'SIGKILL' } as const
    served.tally.add(INVOCATION, { ...OK, status: 'interrupted', failure } as Outcome)
    served.tally.add(INVOCATION, throttled('group', 'etl'))
    served.tally.addError('report', 'client', 'disconnected', true)
    served.tally.addRetry('report', 'start_timeout')
    served.tally.addLateResult('report')
    assert.deepEqual(await linesOf(served, 'spillway_errors_total{'), [
      'spillway_errors_total{function="report",class="platform",reason="interrupted",started="1"} 1',
      'spillway_errors_total{function="report",class="client",reason="disconnected",started="1"} 1',
      'spillway_errors_total{function="report",class="throttle",reason="group/etl",started="0"} 1',
    ])
    assert.deepEqual(await linesOf(served, 'spillway_interrupted_total{'), [
      'spillway_interrupted_total{function="report",cause="SIGKILL"} 1',
    ])
    assert.deepEqual(await linesOf(served, 'spillway_dispatch_retries_total{'), [
      'spillway_dispatch_retries_total{function="report",reason="start_timeout"} 1',
    ])
    assert.deepEqual(await linesOf(served, 'spillway_late_results_total{'), [
      'spillway_late_results_total{function="report"} 1',
    ])
    assert.deepEqual(await linesOf(served, 'spillway_env_kills_total{'), [
      'spillway_env_kills_total{reason="timeout"} 2',
    ])
  })

  test('keep durations in seconds', async (t) => {
    const served = await serveAdmin(t)
    served.tally.add(INVOCATION, OK)
    const lines = await linesOf(served, 'spillway_duration_seconds')
    assert.ok(lines.includes('spillway_duration_seconds_bucket{function="report",le="0.01"} 0'))
    assert.ok(lines.includes('spillway_duration_seconds_bucket{function="report",le="0.025"} 1'))
    assert.ok(lines.includes('spillway_duration_seconds_bucket{function="report",le="+Inf"} 1'))
    assert.ok(lines.includes('spillway_duration_seconds_sum{function="report"} 0.02'))
    assert.ok(lines.includes('spillway_duration_seconds_count{function="report"} 1'))
  })
})

describe('A histogram', () => {
  test('counts in each bucket all that are not above its bound', () => {
    const durations = fc.array(fc.double({ min: 0, max: 2_000_000, noNaN: true }), {
      size: 'max',
      maxLength: 200,
    })
    fc.assert(
      fc.property(durations, (values) => {
        const tally = createTally()
        for (const durationMs of values) tally.add(INVOCATION, { ...OK, durationMs })
        const histogram = tally.functions.get('report')?.durations
        if (histogram === undefined) return assert.equal(values.length, 0)
        const samples = [...histogramSamples('x', {}, histogram)]
        const bounds = [...BUCKETS_MS, Infinity]
        const below = bounds.map((bound) => values.filter((value) => value <= bound).length)
        assert.deepEqual(samples.map(({ value }) => value).slice(0, bounds.length), below)
        assert.equal(samples.at(-1)?.value, values.length)
      }),
    )
  })
})
