import type { FunctionSnapshot, GateSnapshot, LimitSnapshot } from '../gate/snapshot.ts'
import { PRIORITIES, type Priority } from '../model/limits.ts'
import { writeDuration } from '../lib/duration.ts'
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

/** Who may use what and who does, one line each; below that, what everyone in line waits for. */
export function limitsLines(gate: GateSnapshot): string[] {
  const { account, groups, tags, functions } = gate
  const waits = functions.flatMap((fn) => waitLines(gate, fn))
  return [
    ...tableLines(HEADING, [
      row('account', account),
      ...groups.map((group) => row(`group:${group.name}`, group)),
      ...tags.map((tag) => row(`tag:${tag.name}`, tag)),
      ...functions.flatMap(functionRows),
    ]),
    ...(waits.length === 0 ? [] : ['', ...waits]),
  ]
}

function functionRows(fn: FunctionSnapshot): string[][] {
  const blockedBy = fn.blockedBy === 'environment' ? '' : (fn.blockedBy ?? '')
  return [
    row(`fn:${fn.name}`, fn, blockedBy),
    ...fn.below
      .filter(({ scope }) => scope !== 'tenant')
      .map((each) => row(`fn:${each.name}`, each)),
  ]
}

function row(name: string, limit: LimitSnapshot, blockedBy = ''): string[] {
  const { maxConcurrency, guaranteedConcurrency, lend, weight, headroom, inUse, waiting } = limit
  return [
    name,
    maxConcurrency === null ? '–' : String(maxConcurrency),
    unless(guaranteedConcurrency, 0),
    unless(lend, 0),
    unless(weight, 1),
    byPriority(headroom),
    String(inUse),
    byPriority(waiting),
    blockedBy,
    overText(limit),
  ]
}

function unless(value: number, usual: number): string {
  return value === usual ? '' : String(value)
}

/** `over by 7, draining`: what was lowered below what runs stops nothing and lets nobody in. */
export function overText({ over }: LimitSnapshot): string {
  return over > 0 ? `over by ${over}, draining` : ''
}

/** `3 interactive, 40 batch`. */
function byPriority(counts: Readonly<Record<Priority, number>>): string {
  return PRIORITIES.filter((priority) => counts[priority] > 0)
    .map((priority) => `${counts[priority]} ${priority}`)
    .join(', ')
}

/** What those in line for a function wait for, how long that may take, and who holds it. */
function waitLines(gate: GateSnapshot, fn: FunctionSnapshot): string[] {
  return fn.waits.map(({ priority, count, oldestMs, blockedBy, why, estimateMs }) => {
    const who = `fn:${fn.name}: ${count} ${priority}, for up to ${seconds(oldestMs)}`
    if (blockedBy === null || blockedBy === 'environment') return `${who}: for an environment`
    const more = estimateMs === null ? '' : `, about ${seconds(estimateMs)} more`
    return `${who}${more}: for ${blockedBy} (${why})${holdersText(limitCalled(gate, blockedBy))}`
  })
}

function holdersText(limit: LimitSnapshot | undefined): string {
  const [first] = limit?.holders ?? []
  if (limit === undefined || first === undefined) return ''
  const holders = limit.holders.map(({ functionName, inUse }) => `${functionName} ${inUse}`)
  const oldestMs = Math.max(...limit.holders.map((holder) => holder.oldestMs))
  return `, held by ${holders.join(', ')}, the longest for ${seconds(oldestMs)}`
}

function limitCalled(gate: GateSnapshot, id: string): LimitSnapshot | undefined {
  const [scope = '', name = ''] = id.split(/\/(.*)/s)
  const limits: Readonly<Record<string, readonly LimitSnapshot[]>> = {
    account: [{ ...gate.account, name }],
    group: gate.groups,
    tag: gate.tags,
    function: gate.functions,
  }
  const below = gate.functions.flatMap((fn) => fn.below)
  return (limits[scope] ?? below).find((each) => each.name === name)
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)}ms` : writeDuration(Math.round(ms / 1000) * 1000)
}
