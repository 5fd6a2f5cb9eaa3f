import { setTimeout as after } from 'node:timers/promises'
import type { Outcome } from '../../src/invoke/invocation.ts'
import { armFailpoints } from '../../src/runtime/failpoints.ts'
import { percentile, rateInterval } from './figures.ts'
import { closedLoop, openParts, type Parts } from './parts.ts'
import { failuresOf, sizeOf, type Sizes, type Verdict } from './storm.ts'

/** What happens while it is loaded is up to chance. */
const FLAKY = `
const chance = Math.random() * 100
const { CRASH, HANG } = process.env
if (chance < Number(CRASH)) process.exit(chance < Number(CRASH) / 2 ? 1 : 0)
if (chance < Number(CRASH) + Number(HANG)) for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
exports.handler = async () => process.pid
`
const HEALTHY =
  'exports.handler = async () => { await new Promise((r) => setTimeout(r, 5)); return 1 }'
const AT_ONCE = 8

/**
 * T4: inits that crash and hang, starts that the system refuses, while functions beside them are
 * called all the time. A caller may be told of the function's own fault, never of ours.
 */
export async function storm(sizes: Sizes): Promise<Verdict> {
  const names = Array.from({ length: sizeOf(sizes, 'functions') }, (_, i) => `flaky-${i}`)
  const environment = {
    CRASH: String(sizeOf(sizes, 'crashPercent')),
    HANG: String(sizeOf(sizes, 'hangPercent')),
  }
  const parts = openParts({
    files: { 'flaky.js': FLAKY, 'healthy.js': HEALTHY },
    functions: [
      ...names.map((name) => ({ name, handler: 'flaky.handler', environment })),
      { name: 'healthy', handler: 'healthy.handler' },
    ],
  })
  const before = await watchHealthy(parts, after(sizes['coldStarts'] === 2000 ? 10_000 : 1000))
  armFailpoints(`spawn:error@${sizeOf(sizes, 'spawnPercent') / 100}`)
  const outcomes: Outcome[] = []
  let answered = false
  const storming = closedLoop(sizeOf(sizes, 'coldStarts'), AT_ONCE, async (index) => {
    const member = parts.fleet.get(names[index % names.length] ?? '')
    if (member === undefined) throw new Error('no such function')
    // Whatever is warm is given up: each is a cold start.
    member.pool.renew(member.fn)
    outcomes.push(await parts.invoke(member.fn.name, {}))
  }).finally(() => (answered = true))
  const during = await watchHealthy(parts, storming)
  armFailpoints('')
  await parts.close()
  return toVerdict({ outcomes, before, during, answered })
}

interface Healthy {
  readonly latenciesMs: number[]
  readonly failed: number
}

/** Calls the healthy function forty times a second, whatever comes back, until then. */
async function watchHealthy(parts: Parts, until: Promise<unknown>): Promise<Healthy> {
  const latenciesMs: number[] = []
  let failed = 0
  const state = { over: false }
  void until.finally(() => (state.over = true))
  const calls: Promise<void>[] = []
  while (!state.over) {
    const sinceMs = performance.now()
    calls.push(
      parts.invoke('healthy', {}).then(({ status }) => {
        if (status === 'ok') latenciesMs.push(performance.now() - sinceMs)
        else failed++
      }),
    )
    await after(25)
  }
  await Promise.all(calls)
  return { latenciesMs, failed }
}

function toVerdict({
  outcomes,
  before,
  during,
  answered,
}: {
  outcomes: readonly Outcome[]
  before: Healthy
  during: Healthy
  answered: boolean
}): Verdict {
  const count = (status: Outcome['status']): number =>
    outcomes.filter((outcome) => outcome.status === status).length
  const platformErrors = count('platform_error')
  const example = JSON.stringify(outcomes.find(({ status }) => status === 'platform_error'))
  const others = outcomes.length - count('ok') - count('function_error') - platformErrors
  const [p99Before, p99During] = [before, during].map((each) => percentile(each.latenciesMs, 99))
  return {
    facts: {
      'cold starts': outcomes.length,
      ok: count('ok'),
      'failed by two failed inits': count('function_error'),
      'platform errors shown': rateInterval(platformErrors, outcomes.length),
      'healthy p99 ms, before': (p99Before ?? NaN).toFixed(1),
      'healthy p99 ms, in the storm': (p99During ?? NaN).toFixed(1),
      'healthy calls': during.latenciesMs.length,
    },
    failures: failuresOf({
      platformErrors: [platformErrors > 0, `${platformErrors} shown: ${example}`],
      others: [others > 0, `${others} ended otherwise`],
      healthy: [during.failed + before.failed > 0, `${during.failed} healthy calls failed`],
      unanswered: [!answered, 'not all were answered'],
    }),
  }
}
