import { PRIORITIES, type Priority } from '../model/limits.ts'
import { everyone, lengthOf, type Leaf } from './line.ts'
import { blockedBy, NOBODY, type LimitNode, type LimitTree } from './tree.ts'

/** What the gate holds at one moment: who has which slots, who waits, and for what. */
export interface GateSnapshot {
  readonly account: LimitSnapshot
  readonly groups: readonly LimitSnapshot[]
  readonly functions: readonly FunctionSnapshot[]
}

export interface LimitSnapshot {
  readonly name: string
  /** null where there is no ceiling (JSON has no Infinity). */
  readonly maxConcurrency: number | null
  readonly guaranteedConcurrency: number
  readonly inUse: number
  /** Claimed of the parent: what is in use, and idle guarantees. */
  readonly claimed: number
}

export interface FunctionSnapshot extends LimitSnapshot {
  readonly group: string
  /** Slots of its ready environments. */
  readonly slots: number
  readonly waiting: Readonly<Record<Priority, number>>
  readonly oldestWaitMs: number
  /** Which limit keeps the next one out; `environment` when only that is missing. */
  readonly blockedBy: string | null
}

export function snapshotOf(
  tree: LimitTree,
  leaves: ReadonlyMap<string, Leaf>,
  nowMs: number,
): GateSnapshot {
  return {
    account: limitOf(tree.account),
    groups: [...tree.groups.values()].map(limitOf),
    functions: [...leaves.values()].map((leaf) => functionOf(leaf, nowMs)),
  }
}

function limitOf(node: LimitNode): LimitSnapshot {
  return {
    name: node.name,
    maxConcurrency: node.max === Infinity ? null : node.max,
    guaranteedConcurrency: node.held,
    inUse: node.inUse,
    claimed: Math.max(node.inner, node.held),
  }
}

function functionOf(leaf: Leaf, nowMs: number): FunctionSnapshot {
  let oldestMs = nowMs
  for (const { sinceMs } of everyone(leaf)) oldestMs = Math.min(oldestMs, sinceMs)
  const waiting = PRIORITIES.map((priority, rank) => {
    const line = leaf.lines[rank]
    return [priority, line === undefined ? 0 : lengthOf(line)]
  })
  return {
    ...limitOf(leaf.node),
    group: leaf.node.parent?.name ?? '',
    slots: leaf.slots,
    waiting: Object.fromEntries(waiting) as Record<Priority, number>,
    oldestWaitMs: nowMs - oldestMs,
    blockedBy: blockerOf(leaf),
  }
}

function blockerOf(leaf: Leaf): string | null {
  const node = blockedBy(leaf.node, NOBODY)
  if (node !== undefined) return limitId(node)
  return leaf.node.inUse >= leaf.slots ? 'environment' : null
}

/** `account`, `group/etl`, `function/report`: a limit's name in headers, logs and metrics. */
export function limitId({
  scope,
  name,
}: {
  readonly scope: string
  readonly name: string
}): string {
  return scope === 'account' ? 'account' : `${scope}/${name}`
}
