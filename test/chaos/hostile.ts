import type { Outcome } from '../../src/invoke/invocation.ts'
import { HOSTILE, HOSTILE_MODULE, type Hostile } from './hostile-handlers.ts'
import { childPids, closedLoop, openFiles, openParts, type Parts } from './parts.ts'
import { failuresOf, sizeOf, type Sizes, type Verdict } from './storm.ts'

/** Long enough for whatever does not wait for it, on a busy machine. */
const TIMEOUT_MS = 3000
const SLOW_TIMES = 3
/** Of different functions: the machine is busy with starts. */
const AT_ONCE = 3
/** Invocations of the same function that come after it. */
const NEXT = 2
const FINE = /^ok "fine"$/

/**
 * T5: handlers that do what no handler should, again and again. The server lives, the ending blames
 * whom it should, and the next invocation of the same function is served.
 */
export async function storm(sizes: Sizes): Promise<Verdict> {
  const only = process.env['CHAOS_ONLY']?.split(',')
  const every = sizeOf(sizes, 'every')
  const chosen = HOSTILE.filter(({ name, slow }, index) => {
    if (only !== undefined) return only.includes(name)
    return every === 1 || (index % every === 0 && slow === undefined)
  })
  const parts = openParts({
    files: { 'index.js': HOSTILE_MODULE },
    functions: chosen.map(({ name }) => {
      return { name, handler: `index.${name}`, timeoutMs: TIMEOUT_MS }
    }),
  })
  const found: Found = { wrong: new Map(), unserved: new Map(), count: 0, slow: [] }
  const files = openFiles('self')
  await closedLoop(chosen.length, AT_ONCE, async (index) => {
    const hostile = chosen[index]
    if (hostile === undefined) return
    const times = sizeOf(sizes, 'times')
    const repeat = hostile.slow === true ? Math.min(times, SLOW_TIMES) : times
    const sinceMs = performance.now()
    for (let i = 0; i < repeat; i++) await tryOut(parts, hostile, sizeOf(sizes, 'survive'), found)
    found.slow.push([(performance.now() - sinceMs) / repeat, hostile.name])
    // What it left behind is not to slow down the others.
    const member = parts.fleet.get(hostile.name)
    member?.pool.kill()
  })
  await parts.close()
  return toVerdict(chosen.length, found, openFiles('self') - files)
}

interface Found {
  /** By handler: how it ended. */
  readonly wrong: Map<string, string>
  readonly unserved: Map<string, string>
  readonly slow: [ms: number, name: string][]
  count: number
}

async function tryOut(
  parts: Parts,
  { name, ends, next = FINE }: Hostile,
  survive: number,
  found: Found,
): Promise<void> {
  const outcome = await parts.invoke(name, { hostile: survive === 1 })
  found.count++
  if (!ends.test(endOf(outcome))) found.wrong.set(name, endOf(outcome))
  for (let i = 0; i < NEXT; i++) {
    const after = endOf(await parts.invoke(name, {}))
    if (!next.test(after)) found.unserved.set(name, after)
  }
}

function endOf(outcome: Outcome): string {
  if ('error' in outcome) {
    const { errorType, errorMessage } = outcome.error
    return `${outcome.status} ${errorType}: ${errorMessage.slice(0, 80)}`
  }
  if (outcome.status === 'platform_error') return `platform_error ${outcome.message}`
  if (outcome.status !== 'ok' || outcome.result.kind !== 'json') return outcome.status
  return `ok ${Buffer.from(outcome.result.json).toString().slice(0, 40)}`
}

function toVerdict(
  handlers: number,
  { wrong, unserved, count, slow }: Found,
  files: number,
): Verdict {
  const list = (map: ReadonlyMap<string, string>): string =>
    [...map].map(([name, how]) => `\n      ${name}: ${how}`).join('')
  const slowest = slow.toSorted(([a], [b]) => b - a).slice(0, 5)
  return {
    facts: {
      handlers,
      invocations: count,
      slowest: slowest.map(([ms, name]) => `${name} ${ms.toFixed(0)} ms`).join(', '),
      'files left open in the server': files,
      'children left': childPids().length,
    },
    failures: failuresOf({
      wrongClass: [wrong.size > 0, `ended otherwise:${list(wrong)}`],
      nextUnserved: [unserved.size > 0, `the next was not served:${list(unserved)}`],
      files: [files > 2, `${files} files left open`],
    }),
  }
}
