import type { Outcome } from '../../src/invoke/invocation.ts'
import {
  bootstrapFolder,
  C_BOOTSTRAP,
  compileC,
  missing,
  nodeBootstrap,
  PYTHON_BOOTSTRAP,
} from '../support/bootstraps.ts'
import { rateInterval } from './figures.ts'
import { judge } from './judge.ts'
import { childPids, closedLoop, openParts } from './parts.ts'
import { failuresOf, sizeOf, type Sizes, type Verdict } from './storm.ts'

const NODE_BOOTSTRAP = nodeBootstrap(
  `async (event, id) => {
    appendFileSync(process.env.FOLDER + '/effects', id + '\\n')
    if (event.text.length > 1000) await after(5)
    return JSON.stringify(event).length
  }`,
)
const AT_ONCE = 12
/** Events of a few bytes and of a few hundred thousand: one read, and many. */
const PAYLOAD_BYTES = [10, 10, 2000, 300_000]
const STOPPED_MS = 3
const LATER_MS = 4

/**
 * T2: the processes of programs that know nothing of Spillway die by `kill -9`. What was not all
 * read is proven by the system not to have begun, and is run elsewhere; nothing runs twice.
 */
export async function storm(sizes: Sizes): Promise<Verdict> {
  const invocations = sizeOf(sizes, 'invocations')
  const perKill = sizeOf(sizes, 'killPercent') / 100
  const functions = runtimes()
  const parts = openParts({ files: {}, functions })
  const outcomes = new Map<string, Outcome>()
  const kills: Record<string, number> = { now: 0, later: 0, stopped: 0 }
  await closedLoop(invocations, AT_ONCE, async (index) => {
    const { name } = functions[index % functions.length] ?? { name: '' }
    const id = crypto.randomUUID()
    const text = 'x'.repeat(PAYLOAD_BYTES[index % PAYLOAD_BYTES.length] ?? 0)
    if (Math.random() < perKill) killOne(kills)
    outcomes.set(id, await parts.invoke(name, { text }, id))
  })
  await parts.close()
  return toVerdict(outcomes, kills, { sizes, ...judge(outcomes, parts) })
}

/** Those that this machine has the means for. */
function runtimes(): { name: string; runtime: string; taskRoot: string }[] {
  const python = missing('python3', '--version')
  const c = missing('gcc', '--version')
  for (const line of [python, c]) if (line !== undefined) console.log(line)
  const folders = {
    node: bootstrapFolder(NODE_BOOTSTRAP),
    ...(python === undefined ? { python: bootstrapFolder(PYTHON_BOOTSTRAP) } : {}),
    ...(c === undefined ? { c: compileC(C_BOOTSTRAP) } : {}),
  }
  return Object.entries(folders).map(([name, taskRoot]) => ({
    name,
    runtime: 'provided.al2023',
    taskRoot,
  }))
}

/** At once; a moment later, when it may be reading; or stopped before, so that it reads nothing. */
function killOne(kills: Record<string, number>): void {
  const pids = childPids()
  const pid = pids[Math.floor(Math.random() * pids.length)]
  const how = Object.keys(kills)[Math.floor(Math.random() * 3)] ?? ''
  if (pid === undefined || (how === 'stopped' && !signal(pid, 'SIGSTOP'))) return
  const kill = (): void => {
    if (signal(pid, 'SIGKILL')) kills[how]!++
  }
  if (how === 'now') kill()
  else setTimeout(kill, how === 'later' ? Math.random() * LATER_MS : STOPPED_MS)
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

function toVerdict(
  outcomes: ReadonlyMap<string, Outcome>,
  kills: Readonly<Record<string, number>>,
  { sizes, counts, disagreement }: { readonly sizes: Sizes } & ReturnType<typeof judge>,
): Verdict {
  const killed = Object.values(kills).reduce((sum, count) => sum + count, 0)
  const { platformErrors, duplicates, lost, unexplained, phantoms } = counts
  return {
    facts: {
      invocations: outcomes.size,
      kills: `${killed} ${JSON.stringify(kills)}`,
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
      kills: [killed < sizeOf(sizes, 'killsMin'), `only ${killed} kills`],
    }),
  }
}
