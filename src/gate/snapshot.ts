import { PRIORITIES, type Priority } from '../model/limits.ts'
import type { Limits } from './configure.ts'
import type { HeldPermit } from './held.ts'
import { aheadAt, RANKS, waitingAt, type Rank, type Standing } from './line.ts'
import type { List } from './list.ts'
import { limitId, nameOf, waitMsAt } from './refusal.ts'
import {
  blockerOf,
  childrenOf,
  claimOf,
  leavesOf,
  UNLIMITED,
  type LimitNode,
  type LimitTag,
  type Why,
} from './tree.ts'

/** What the gate holds at one moment: who has which slots, who waits, and for what. */
export interface GateSnapshot {
  readonly mode: 'spillway' | 'aws'
  readonly account: LimitSnapshot
  readonly groups: readonly LimitSnapshot[]
  readonly tags: readonly LimitSnapshot[]
  readonly functions: readonly FunctionSnapshot[]
}

export interface LimitSnapshot {
  readonly name: string
  /** null where there is no ceiling (JSON has no Infinity). */
  readonly maxConcurrency: number | null
  readonly guaranteedConcurrency: number
  /** How much of the guarantee others may use while it is idle. */
  readonly lend: number
  readonly weight: number
  readonly headroom: Readonly<Record<Priority, number>>
  readonly inUse: number
  /** Claimed of the parent: what is in use, and idle guarantees. */
  readonly claimed: number
  /** How much more is in use than is allowed, after a maximum was lowered: it drains. */
  readonly over: number
  readonly waiting: Readonly<Record<Priority, number>>
  /** Who holds its slots, most first; the first five. */
  readonly holders: readonly Holder[]
}

export interface Holder {
  readonly functionName: string
  readonly inUse: number
  /** How long the first of these has been held. */
  readonly oldestMs: number
}

export interface FunctionSnapshot extends LimitSnapshot {
  readonly group: string
  readonly tagNames: readonly string[]
  /** Slots of its ready environments. */
  readonly slots: number
  readonly oldestWaitMs: number
  /** Which limit keeps the next one out; `environment` when only that is missing. */
  readonly blockedBy: string | null
  /** Everyone in line, by priority, and what each of these waits for. */
  readonly waits: readonly WaitSnapshot[]
  readonly refused: RefusedSnapshot | null
  /** Tenants, sources and versions that have limits of their own and are in use, or kept. */
  readonly below: readonly (LimitSnapshot & { readonly scope: string })[]
}

/** Those of one priority in line for a function. */
export interface WaitSnapshot {
  readonly priority: Priority
  readonly count: number
  readonly oldestMs: number
  /** The limit, or `environment`; null for the instant before it is handed over. */
  readonly blockedBy: string | null
  readonly why: Why | 'environment' | null
  /** Until the last of them has a slot, at the pace of now; null where none has been measured. */
  readonly estimateMs: number | null
}

export interface RefusedSnapshot {
  readonly count: number
  readonly agoMs: number
  readonly limit: string
  readonly why: Why
  readonly waitedMs: number
}

const HOLDERS_MAX = 5

export function snapshotOf(limits: Limits, held: List<HeldPermit>, nowMs: number): GateSnapshot {
  const holders = holdersOf(held, nowMs)
  const { account, groups, tags, functions, config } = limits
  return {
    mode: config.mode ?? 'spillway',
    account: nodeSnapshot(account, holders),
    groups: [...groups.values()].map((group) => nodeSnapshot(group, holders)),
    tags: [...tags.values()]
      .filter(({ name }) => limits.inForce.tags?.[name] !== undefined)
      .map((tag) => tagSnapshot(tag, holders)),
    functions: [...functions.values()].map((fn) => functionSnapshot(fn, holders, nowMs)),
  }
}

/** Every limit with the functions that hold its slots. */
type Holders = ReadonlyMap<LimitNode | LimitTag, Map<string, { inUse: number; oldestMs: number }>>

function holdersOf(held: List<HeldPermit>, nowMs: number): Holders {
  const holders = new Map<LimitNode | LimitTag, Map<string, { inUse: number; oldestMs: number }>>()
  const note = (limit: LimitNode | LimitTag, name: string, heldMs: number): void => {
    const own = holders.get(limit) ?? new Map<string, { inUse: number; oldestMs: number }>()
    holders.set(limit, own)
    const { inUse = 0, oldestMs = 0 } = own.get(name) ?? {}
    own.set(name, { inUse: inUse + 1, oldestMs: Math.max(oldestMs, heldMs) })
  }
  for (const { leaf, functionName, sinceMs } of held) {
    for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
      note(at, functionName, nowMs - sinceMs)
    }
    for (const tag of leaf.tags) note(tag, functionName, nowMs - sinceMs)
  }
  return holders
}

function topHolders(limit: LimitNode | LimitTag, holders: Holders): Holder[] {
  return [...(holders.get(limit) ?? [])]
    .map(([functionName, holder]) => ({ functionName, ...holder }))
    .sort((a, b) => b.inUse - a.inUse || b.oldestMs - a.oldestMs)
    .slice(0, HOLDERS_MAX)
}

function nodeSnapshot(node: LimitNode, holders: Holders): LimitSnapshot {
  const { max, guarantee, held, weight, headroom, inUse } = node
  return {
    name: nameOf(node),
    maxConcurrency: max === UNLIMITED ? null : max,
    guaranteedConcurrency: guarantee,
    lend: guarantee - held,
    weight,
    headroom: byPriority(headroom),
    inUse,
    claimed: claimOf(node),
    over: Math.max(0, inUse - max),
    waiting: byPriority(RANKS.map((rank) => waitingAt(node, rank))),
    holders: topHolders(node, holders),
  }
}

const NONE: readonly number[] = [0, 0, 0]

function tagSnapshot(tag: LimitTag, holders: Holders): LimitSnapshot {
  const { name, max, inUse, waiting } = tag
  return {
    name,
    maxConcurrency: max === UNLIMITED ? null : max,
    guaranteedConcurrency: 0,
    lend: 0,
    weight: 1,
    headroom: byPriority(NONE),
    inUse,
    claimed: inUse,
    over: Math.max(0, inUse - max),
    waiting: byPriority(waiting),
    holders: topHolders(tag, holders),
  }
}

function byPriority(counts: readonly number[]): Record<Priority, number> {
  const [interactive = 0, async = 0, batch = 0] = counts
  return { interactive, async, batch }
}

function functionSnapshot(fn: LimitNode, holders: Holders, nowMs: number): FunctionSnapshot {
  const waits = waitsOf(fn, nowMs)
  return {
    ...nodeSnapshot(fn, holders),
    group: fn.parent?.name ?? '',
    tagNames: fn.tags.map(({ name }) => name),
    slots: fn.slots,
    oldestWaitMs: Math.max(0, ...waits.map(({ oldestMs }) => oldestMs)),
    blockedBy: waits[0]?.blockedBy ?? blockOf(fn, fn, 2).blockedBy,
    waits,
    refused: refusedOf(fn, nowMs),
    below: [...childrenOf(fn)].map((child) => ({
      ...nodeSnapshot(child, holders),
      scope: child.scope,
    })),
  }
}

/** The highest priority first; those who wait for the same are one, tenants that wait for their own limits, too. */
function waitsOf(fn: LimitNode, nowMs: number): WaitSnapshot[] {
  const waits = new Map<string, WaitSnapshot>()
  for (const rank of RANKS) {
    for (const leaf of leavesOf(fn)) {
      const standing = leaf.line?.[rank]
      if (standing === undefined || standing.queue.size === 0) continue
      const wait = waitOf(fn, leaf, standing, nowMs)
      const key = `${rank} ${wait.blockedBy} ${wait.why}`
      const other = waits.get(key)
      waits.set(key, other === undefined ? wait : together(other, wait))
    }
  }
  return [...waits.values()]
}

function together(a: WaitSnapshot, b: WaitSnapshot): WaitSnapshot {
  const estimateMs =
    a.estimateMs === null || b.estimateMs === null ? null : Math.max(a.estimateMs, b.estimateMs)
  return {
    ...a,
    count: a.count + b.count,
    oldestMs: Math.max(a.oldestMs, b.oldestMs),
    estimateMs,
  }
}

function waitOf(
  fn: LimitNode,
  leaf: LimitNode,
  { rank, queue, waiting }: Standing,
  nowMs: number,
): WaitSnapshot {
  const blocker = blockerOf(leaf, rank, false)
  const ahead = blocker === undefined ? 0 : aheadAt(blocker.limit, rank) - 1
  const estimateMs = blocker === undefined ? undefined : waitMsAt(blocker.limit, ahead)
  return {
    priority: PRIORITIES[rank] as Priority,
    count: waiting,
    oldestMs: nowMs - (queue.first?.sinceMs ?? nowMs),
    ...blockOf(fn, leaf, rank),
    estimateMs: estimateMs ?? null,
  }
}

function blockOf(
  fn: LimitNode,
  leaf: LimitNode,
  rank: Rank,
): Pick<WaitSnapshot, 'blockedBy' | 'why'> {
  const blocker = blockerOf(leaf, rank, false)
  if (blocker !== undefined) return { blockedBy: idOf(blocker.limit), why: blocker.why }
  if (fn.inUse >= fn.slots) return { blockedBy: 'environment', why: 'environment' }
  return { blockedBy: null, why: null }
}

function refusedOf({ refusals }: LimitNode, nowMs: number): RefusedSnapshot | null {
  if (refusals === undefined) return null
  const { count, last, lastMs } = refusals
  const { why, waitedMs } = last
  return { count, agoMs: nowMs - lastMs, limit: limitId(last), why, waitedMs }
}

/** Of tenants the function's name alone: there may be any number of them. */
function idOf(limit: LimitNode | LimitTag): string {
  if (limit.scope === 'tenant') return `tenant/${limit.parent?.name ?? ''}`
  return limitId({ scope: limit.scope, name: nameOf(limit) })
}
