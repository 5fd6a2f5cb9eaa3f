import { availableParallelism } from 'node:os'
import { BUSIEST_GENERATOR } from '../../../bench/support/sample.ts'
import { median } from '../../../bench/support/stats.ts'
import { formatTable } from '../../../bench/support/table.ts'
import type { Figures } from '../load/figures.ts'
import type { Outcome, Round } from '../load/round.ts'

/** A machine with less than this to spare, of all its cores, makes everybody wait. */
const BUSIEST_MACHINE = 0.9

export const HEAD: readonly string[] = [
  'policy',
  'user 429s',
  '% in flood',
  'wait p50 ms',
  'wait p99 ms',
  'user p50 ms',
  'user p99 ms',
  '÷ unloaded',
  'ETL done s',
  '÷ alone',
  'ETL 429s',
]

/** The table of all rounds: medians, with the range where there are several. */
export function describe(rounds: readonly Round[]): string {
  return formatTable(HEAD, rowsOf(rounds))
}

/** One row for the loads alone, then one a policy. */
export function rowsOf(rounds: readonly Round[]): string[][] {
  const [first] = rounds
  if (first === undefined) return []
  return [
    aloneRow(rounds.map(({ alone }) => alone)),
    ...first.outcomes.map((_, index) =>
      row(rounds.flatMap(({ alone, outcomes }) => pair(outcomes[index], alone))),
    ),
  ]
}

function pair(
  outcome: Outcome | undefined,
  alone: Round['alone'],
): { outcome: Outcome; alone: Round['alone'] }[] {
  return outcome === undefined ? [] : [{ outcome, alone }]
}

function aloneRow(alone: readonly Round['alone'][]): string[] {
  const users = (pick: (figures: Figures['users']) => number, digits = 0): string =>
    show(
      alone.map((each) => pick(each.users.users)),
      digits,
    )
  return [
    'each alone',
    users(({ throttled }) => throttled),
    users(({ throttledShare }) => throttledShare * 100, 1),
    users(({ waitP50Ms }) => waitP50Ms),
    users(({ waitP99Ms }) => waitP99Ms),
    users(({ p50Ms }) => p50Ms),
    users(({ p99Ms }) => p99Ms),
    '1',
    show(
      alone.map(({ etl }) => etl.etl.seconds),
      1,
    ),
    '1',
    show(alone.map(({ etl }) => etl.etl.throttled)),
  ]
}

function row(pairs: readonly { outcome: Outcome; alone: Round['alone'] }[]): string[] {
  const all = (
    pick: (figures: Figures, alone: Round['alone']) => number,
    digits: number = 0,
  ): string =>
    show(
      pairs.map(({ outcome, alone }) => pick(outcome.figures, alone)),
      digits,
    )
  return [
    pairs[0]?.outcome.policy.name ?? '',
    all(({ users }) => users.throttled),
    all(({ users }) => users.throttledShare * 100, 1),
    all(({ users }) => users.waitP50Ms),
    all(({ users }) => users.waitP99Ms),
    all(({ users }) => users.p50Ms),
    all(({ users }) => users.p99Ms),
    all(({ users }, alone) => users.p99Ms / alone.users.users.p99Ms, 2),
    all(({ etl }) => etl.seconds, 1),
    all(({ etl }, alone) => etl.seconds / alone.etl.etl.seconds, 2),
    all(({ etl }) => etl.throttled),
  ]
}

/** `410 (402–433)`; without the range where it would say nothing. */
function show(values: readonly number[], digits: number = 0): string {
  const text = (value: number): string =>
    Number.isNaN(value)
      ? '–'
      : value
          .toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
          .replaceAll(',', ' ')
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map(text)
  return low === high ? `${middle}` : `${middle} (${low}–${high})`
}

/** What would make a reader doubt the figures, one sentence each. */
export function warnings(rounds: readonly Round[]): string[] {
  return rounds.flatMap(({ alone, outcomes }) => [
    ...doubts('users alone', alone.users),
    ...doubts('the ETL alone', alone.etl),
    ...outcomes.flatMap(({ policy, figures }) => doubts(policy.name, figures)),
  ])
}

function doubts(name: string, { users, etl, generatorBusy, machineBusy }: Figures): string[] {
  const percent = Math.round(generatorBusy * 100)
  return [
    ...(generatorBusy >= BUSIEST_GENERATOR
      ? [`${name}: the load generator was ${percent} % busy and measured itself`]
      : []),
    ...(machineBusy >= BUSIEST_MACHINE * availableParallelism()
      ? [
          `${name}: ${machineBusy.toFixed(2)} cores were busy; the machine was full, do not trust times`,
        ]
      : []),
    ...(users.lost > 0 ? [`${name}: ${users.lost} users got no answer, or a wrong one`] : []),
    ...(etl.failures > 0 ? [`${name}: ${etl.failures} calls of the ETL failed`] : []),
    ...(etl.done < etl.jobs ? [`${name}: ${etl.jobs - etl.done} jobs were lost`] : []),
  ]
}
