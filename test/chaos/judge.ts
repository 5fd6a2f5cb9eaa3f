import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from '../../src/invoke/invocation.ts'
import type { OutcomeLabel, Tally } from '../../src/invoke/tally.ts'

/** What answers and effects say together. */
export interface Counts {
  ok: number
  interrupted: number
  interruptedWithoutEffect: number
  platformErrors: number
  retries: number
  duplicates: number
  /** Answered as done, without an effect. */
  lost: number
  /** Neither done nor interrupted after the start. */
  unexplained: number
  /** Has an effect, and its answer says that it did not begin; or there never was such an invocation. */
  phantoms: number
  example: string
}

/**
 * Compares the answers with the effects: a line with its id that each handler left in a file which
 * is only ever appended to. The platform's own counters must agree, else that is the bug.
 */
export function judge(
  outcomes: ReadonlyMap<string, Outcome>,
  { folder, tally }: { readonly folder: string; readonly tally: Tally },
): { counts: Counts; disagreement: string } {
  const effects = new Map<string, number>()
  for (const id of readFileSync(join(folder, 'effects'), 'utf8').split('\n').filter(Boolean)) {
    effects.set(id, (effects.get(id) ?? 0) + 1)
  }
  const counts = { ...NONE }
  for (const [id, outcome] of outcomes) count(counts, outcome, effects.get(id) ?? 0)
  for (const id of effects.keys()) if (!outcomes.has(id)) counts.phantoms++
  return { counts, disagreement: compare(counts, tally) }
}

const NONE: Counts = {
  ok: 0,
  interrupted: 0,
  interruptedWithoutEffect: 0,
  platformErrors: 0,
  retries: 0,
  duplicates: 0,
  lost: 0,
  unexplained: 0,
  phantoms: 0,
  example: '',
}

function count(counts: Counts, outcome: Outcome, effects: number): void {
  const { status, handlerStarted, attempts } = outcome
  counts.retries += attempts - 1
  if (effects > 1) counts.duplicates++
  if (effects > 0 && !handlerStarted) counts.phantoms++
  if (status === 'ok') {
    counts.ok++
    if (effects === 0) counts.lost++
  } else if (status === 'interrupted' && handlerStarted) {
    counts.interrupted++
    if (effects === 0) counts.interruptedWithoutEffect++
  } else {
    if (status === 'platform_error') counts.platformErrors++
    else counts.unexplained++
    counts.example ||= JSON.stringify(outcome)
  }
}

function compare(counts: Counts, { functions }: Tally): string {
  let retries = 0
  const sums: Partial<Record<OutcomeLabel, number>> = {}
  for (const tally of functions.values()) {
    for (const each of tally.retries.values()) retries += each
    for (const outcomes of tally.outcomes.values()) {
      for (const [label, n] of Object.entries(outcomes)) {
        sums[label as OutcomeLabel] = (sums[label as OutcomeLabel] ?? 0) + n
      }
    }
  }
  const pairs = [
    ['ok', sums.ok, counts.ok],
    ['interrupted', sums.interrupted, counts.interrupted],
    ['platform_error', sums.platform_error, counts.platformErrors],
    ['retries', retries, counts.retries],
  ] as const
  return pairs
    .flatMap(([name, said, seen]) => (said === seen ? [] : [`${name}: said ${said}, seen ${seen}`]))
    .join(', ')
}
