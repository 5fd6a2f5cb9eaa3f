import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from '../../src/invoke/invocation.ts'
import { armFailpoints } from '../../src/runtime/failpoints.ts'
import { rateInterval } from './figures.ts'
import { judge } from './judge.ts'
import { childPids, closedLoop, openParts } from './parts.ts'
import { failuresOf, sizeOf, type Sizes, type Verdict } from './storm.ts'

/** The first thing it does is its effect. */
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
  { name: 'brief-too', ms: 0 },
  { name: 'waits', ms: 4 },
  { name: 'shared', ms: 4, environmentConcurrency: 4 },
]
const AT_ONCE = 16

/** Kills where the handler has begun cost an answer, and those before cost a retry: three of those in a row show. */
const SHARES = {
  init: 1.4,
  idle: 0.08,
  frame_written: 0.08,
  decoded: 0.08,
  after_mark: 0.18,
  running: 0.18,
  result_half: 0.18,
  random: 0.22,
}

/**
 * T1: environments die by `kill -9` at every phase and at random instants, under load. Judged by
 * effects and not by answers: nothing shown but what had begun, nothing twice, nothing lost.
 */
export async function storm(sizes: Sizes): Promise<Verdict> {
  const invocations = sizeOf(sizes, 'invocations')
  const perKill = sizeOf(sizes, 'killPercent') / 100
  const parts = openParts({ files: { 'index.js': HANDLER }, functions: FUNCTIONS })
  const seed = Date.now() % 1_000_000
  const log = join(parts.folder, 'failures')
  armFailpoints(failpoints(perKill), {
    SPILLWAY_FAIL_SEED: String(seed),
    SPILLWAY_FAIL_LOG: log,
  })
  const outcomes = new Map<string, Outcome>()
  const phases: Record<string, number> = { random: 0 }
  await closedLoop(invocations, AT_ONCE, async (index) => {
    const { name, ms } = FUNCTIONS[index % FUNCTIONS.length] ?? { name: '', ms: 0 }
    const id = crypto.randomUUID()
    if (Math.random() < perKill * SHARES.random && killOne()) phases['random']!++
    outcomes.set(id, await parts.invoke(name, { id, ms }, id))
  })
  armFailpoints('')
  await parts.close()
  for (const line of readFileSync(log, 'utf8').split('\n').filter(Boolean)) {
    const [phase = ''] = line.split(' ')
    phases[phase] = (phases[phase] ?? 0) + 1
  }
  return toVerdict({ outcomes, phases, seed, sizes, ...judge(outcomes, parts) })
}

function failpoints(perKill: number): string {
  const { random: _, init, ...shares } = SHARES
  const each = Object.entries(shares).map(([phase, share]) => `${phase}:kill@${perKill * share}`)
  // Of starts, of which there are as many as kills.
  return [...each, `init:kill@${perKill * init}`].join(',')
}

function killOne(): boolean {
  const pids = childPids()
  const pid = pids[Math.floor(Math.random() * pids.length)]
  if (pid === undefined) return false
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

function toVerdict({
  outcomes,
  phases,
  seed,
  sizes,
  counts,
  disagreement,
}: { outcomes: ReadonlyMap<string, Outcome>; phases: Record<string, number>; seed: number } & {
  sizes: Sizes
} & ReturnType<typeof judge>): Verdict {
  const kills = Object.values(phases).reduce((sum, count) => sum + count, 0)
  const rare = Object.keys(SHARES).filter(
    (phase) => (phases[phase] ?? 0) < sizeOf(sizes, 'phaseMin'),
  )
  const { platformErrors, duplicates, lost, unexplained, phantoms } = counts
  return {
    facts: {
      seed,
      invocations: outcomes.size,
      kills,
      'kills by phase': JSON.stringify(phases),
      'platform errors shown': rateInterval(platformErrors, outcomes.size),
      duplicates: rateInterval(duplicates, outcomes.size),
      lost,
      'retried unseen': counts.retries,
      'shown as interrupted': counts.interrupted,
      'of these without effect': counts.interruptedWithoutEffect,
    },
    failures: failuresOf({
      platformErrors: [platformErrors > 0, `${platformErrors} shown: ${counts.example}`],
      duplicates: [duplicates > 0, `${duplicates} ran more than once`],
      lost: [lost > 0, `${lost} answered and did not run`],
      unexplained: [unexplained > 0, `${unexplained} ended otherwise: ${counts.example}`],
      phantoms: [phantoms > 0, `${phantoms} ran that are said not to have begun`],
      counters: [disagreement !== '', disagreement],
      kills: [kills < sizeOf(sizes, 'killsMin'), `only ${kills} kills`],
      phases: [rare.length > 0, `hardly any kill in ${rare.join(', ')}`],
    }),
  }
}
