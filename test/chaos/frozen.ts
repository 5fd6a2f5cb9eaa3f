import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { Outcome } from '../../src/invoke/invocation.ts'
import { armFailpoints } from '../../src/runtime/failpoints.ts'
import { ACK_MS } from '../../src/runtime/hang-watch.ts'
import { percentile, rateInterval } from './figures.ts'
import { judge } from './judge.ts'
import { openParts, type Parts } from './parts.ts'
import { failuresOf, sizeOf, type Sizes, type Verdict } from './storm.ts'

const HANDLER = `
const { openSync, writeSync } = require('node:fs')
const { join } = require('node:path')
const fd = openSync(join(process.env.FOLDER, 'effects'), 'a')
exports.handler = async ({ id, ms }) => {
  writeSync(fd, id + '\\n')
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
  return id
}
`
const FUNCTIONS = [
  { name: 'brief', ms: 0 },
  { name: 'waits', ms: 5 },
]
/** Warm beforehand: the question is what a freeze costs, not a start. */
const WARM = 5
const P999_MS = 2 * ACK_MS + 50

/**
 * T3: the environment has the invocation and freezes before it calls the handler, for two in a
 * hundred: the START that is logged and the code that never runs. Open loop: an arrival does not wait
 * for the answer before it.
 */
export async function storm(sizes: Sizes): Promise<Verdict> {
  const parts = openParts({ files: { 'index.js': HANDLER }, functions: FUNCTIONS })
  await warmUp(parts)
  const log = join(parts.folder, 'failures')
  armFailpoints(`decoded:stop@${sizeOf(sizes, 'frozenPercent') / 100}`, { SPILLWAY_FAIL_LOG: log })
  for (const { fn, pool } of parts.fleet.members()) pool.renew(fn)
  for (const { pool } of parts.fleet.members()) pool.keepWarm(WARM)
  await allWarm(parts)
  const run = await openLoop(parts, sizes)
  armFailpoints('')
  await parts.close()
  const frozen = readFileSync(log, 'utf8').split('\n').length - 1
  return toVerdict({ ...run, frozen, sizes, ...judge(run.outcomes, parts) })
}

async function warmUp(parts: Parts): Promise<void> {
  for (let i = 0; i < 50; i++) {
    for (const { name, ms } of FUNCTIONS) await parts.invoke(name, { id: 'warm-up', ms })
  }
}

async function allWarm({ fleet }: Parts): Promise<void> {
  const missing = (): boolean => [...fleet.members()].some(({ pool }) => pool.warmth().ready < WARM)
  for (let i = 0; i < 1000 && missing(); i++) await after(20)
}

interface Run {
  readonly outcomes: Map<string, Outcome>
  readonly latenciesMs: number[]
  readonly hung: number
}

async function openLoop(parts: Parts, sizes: Sizes): Promise<Run> {
  const [count, rate] = [sizeOf(sizes, 'invocations'), sizeOf(sizes, 'ratePerSecond')]
  const outcomes = new Map<string, Outcome>()
  const latenciesMs: number[] = []
  const startMs = performance.now()
  const all: Promise<void>[] = []
  for (let index = 0; index < count; index++) {
    const dueMs = startMs + (index * 1000) / rate
    const earlyMs = dueMs - performance.now()
    if (earlyMs > 1) await after(earlyMs)
    const { name, ms } = FUNCTIONS[index % FUNCTIONS.length] ?? { name: '', ms: 0 }
    const id = crypto.randomUUID()
    const answered = parts.invoke(name, { id, ms }, id).then((outcome) => {
      outcomes.set(id, outcome)
      latenciesMs.push(performance.now() - dueMs)
    })
    all.push(answered)
  }
  // Whoever has no answer this long after the last was sent never gets one.
  const enough = new AbortController()
  await Promise.race([
    Promise.all(all),
    after(sizeOf(sizes, 'patienceMs'), undefined, enough).catch(() => {}),
  ])
  enough.abort()
  return { outcomes: new Map(outcomes), latenciesMs, hung: count - outcomes.size }
}

function toVerdict({
  outcomes,
  latenciesMs,
  hung,
  frozen,
  sizes,
  counts,
}: Run & { frozen: number; sizes: Sizes } & ReturnType<typeof judge>): Verdict {
  const p999Ms = percentile(latenciesMs, 99.9)
  const { platformErrors, duplicates, lost, unexplained, interrupted, example } = counts
  const warm = 1 // The id of those that warmed up is one.
  return {
    facts: {
      invocations: outcomes.size + hung,
      frozen,
      'errors shown': rateInterval(platformErrors + interrupted + unexplained, outcomes.size),
      duplicates: duplicates,
      'attempts, at most': Math.max(...[...outcomes.values()].map(({ attempts }) => attempts)),
      'p50 ms': percentile(latenciesMs, 50).toFixed(1),
      'p99 ms': percentile(latenciesMs, 99).toFixed(1),
      'p99.9 ms': p999Ms.toFixed(1),
      'max ms': Math.max(...latenciesMs).toFixed(1),
      'never answered': hung,
    },
    failures: failuresOf({
      platformErrors: [platformErrors > 0, `${platformErrors} shown: ${example}`],
      otherErrors: [interrupted + unexplained > 0, `${interrupted + unexplained}: ${example}`],
      duplicates: [duplicates > 0, `${duplicates} ran more than once`],
      lost: [lost > 0, `${lost} answered and did not run`],
      phantoms: [counts.phantoms > warm, `${counts.phantoms} ran unasked`],
      hung: [hung > 0, `${hung} were never answered`],
      frozen: [frozen === 0, 'nothing froze'],
      slow: [
        sizeOf(sizes, 'latency') === 1 && p999Ms >= P999_MS,
        `p99.9 is ${p999Ms.toFixed(0)} ms, and is to be below ${P999_MS}`,
      ],
    }),
  }
}
