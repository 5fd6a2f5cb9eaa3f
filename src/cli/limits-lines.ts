import type { GateSnapshot, LimitSnapshot } from '../gate/snapshot.ts'
import { promisedOf, versionsOf } from '../model/arithmetic.ts'
import { inForce } from '../model/in-force.ts'
import { PRIORITIES, type GroupLimits, type LimitsConfig, type Priority } from '../model/limits.ts'
import type { LimitsView } from './admin-client.ts'
import { tableLines } from './table.ts'

const HEADING = [
  '',
  'max',
  'guaranteed',
  'lends',
  'weight',
  'leaves free',
  'in use',
  'waiting',
  'blocked by',
  '',
]

/** Who may use what and who does: the account, groups, tags and functions, one line each. */
export function limitsLines({ config: written, gate }: LimitsView): string[] {
  const config = inForce(written)
  const { functions } = gate
  const waitingIn = (isIn: (fn: Fn) => boolean): string => waitingText(functions.filter(isIn))
  return tableLines(HEADING, [
    row(
      'account',
      gate.account,
      config.account,
      waitingIn(() => true),
    ),
    ...gate.groups.map((group) => {
      const limits = config.groups[group.name] ?? {}
      const guaranteed = limits.guaranteedConcurrency
      const waiting = waitingIn((fn) => fn.group === group.name)
      return row(`group:${group.name}`, group, { ...limits, guaranteed }, waiting)
    }),
    ...Object.entries(config.tags ?? {}).map(([name, { maxConcurrency }]) => {
      const isIn = (fn: Fn): boolean => config.functions[fn.name]?.tags?.includes(name) === true
      const inUse = functions.filter(isIn).reduce((sum, fn) => sum + fn.inUse, 0)
      return row(`tag:${name}`, { maxConcurrency, inUse }, {}, waitingIn(isIn))
    }),
    ...functions.flatMap((fn) => functionRows(config, fn)),
  ])
}

type Fn = GateSnapshot['functions'][number]

function functionRows(config: LimitsConfig, fn: Fn): string[][] {
  const limits = config.functions[fn.name]
  const guaranteed = limits === undefined ? 0 : promisedOf(limits)
  const cells = row(`fn:${fn.name}`, fn, { ...limits, guaranteed }, waitingText([fn]))
  const blockedBy = fn.blockedBy === 'environment' ? null : fn.blockedBy
  const versions = limits === undefined ? [] : versionsOf(limits)
  return [
    [...cells.slice(0, 8), blockedBy ?? '', ...cells.slice(9)],
    ...versions.map(([name, slots]) => [`fn:${fn.name}:${name}`, String(slots), String(slots)]),
  ]
}

function row(
  name: string,
  { maxConcurrency, inUse }: Pick<LimitSnapshot, 'maxConcurrency' | 'inUse'>,
  limits: Pick<GroupLimits, 'lend' | 'weight' | 'headroom'> & {
    readonly guaranteed?: number | undefined
  },
  waiting: string,
): string[] {
  const { guaranteed = 0, lend = 0, weight = 1, headroom = {} } = limits
  return [
    name,
    maxConcurrency === null ? '–' : String(maxConcurrency),
    unless(guaranteed, 0),
    unless(lend, 0),
    unless(weight, 1),
    byPriority(headroom),
    String(inUse),
    waiting,
    '',
    overText(maxConcurrency, inUse),
  ]
}

function unless(value: number, usual: number): string {
  return value === usual ? '' : String(value)
}

/** `over by 7, draining`: what was lowered below what runs stops nothing and lets nobody in. */
export function overText(max: number | null, inUse: number): string {
  return max !== null && inUse > max ? `over by ${inUse - max}, draining` : ''
}

function waitingText(functions: readonly Fn[]): string {
  const sums = PRIORITIES.map((priority) => [
    priority,
    functions.reduce((sum, { waiting }) => sum + waiting[priority], 0),
  ])
  return byPriority(Object.fromEntries(sums) as Record<Priority, number>)
}

/** `3 interactive, 40 batch`. */
function byPriority(counts: Readonly<Partial<Record<Priority, number>>>): string {
  return PRIORITIES.filter((priority) => (counts[priority] ?? 0) > 0)
    .map((priority) => `${counts[priority]} ${priority}`)
    .join(', ')
}
