import { PRIORITIES, type Priority } from '../model/limits.ts'
import { List, type Linked } from './list.ts'
import type { Asker } from './gate.ts'
import type { LimitNode } from './tree.ts'

/** Someone in line. */
export interface Waiter extends Linked<Waiter> {
  readonly leaf: Leaf
  /** Its priority's place in `PRIORITIES`. */
  readonly rank: number
  /** Order of arrival over the whole gate. */
  readonly ticket: number
  readonly sinceMs: number
  /** Longest wait for limits, counted from when a limit began to block. */
  readonly maxWaitMs: number
  readonly deadlineMs: number
  /** When it is turned away, at the latest. */
  expiresMs: number
  /** Told exactly once, when it leaves. */
  readonly asker: Asker
}

/** Those of one priority who wait for one function, each part in order of arrival. */
export interface Line {
  /** The limits have room; only an environment is missing. They go first. */
  readonly ready: List<Waiter>
  /** A limit keeps them out. */
  readonly blocked: List<Waiter>
}

/** A function: its limit, its environments' slots, and who waits for them. */
export interface Leaf {
  readonly node: LimitNode
  /** What the ready environments can take together. */
  slots: number
  /** By rank of priority. */
  readonly lines: readonly Line[]
  waiting: number
}

export function createLeaf(node: LimitNode): Leaf {
  const lines = PRIORITIES.map(() => ({
    ready: new List<Waiter>(),
    blocked: new List<Waiter>(),
  }))
  return { node, slots: 0, lines, waiting: 0 }
}

/** A priority's place in the order. */
export function rankOf(priority: Priority): number {
  return PRIORITIES.indexOf(priority)
}

/** Whether someone of the same or a higher priority is in line: nobody goes past them. */
export function hasElder(leaf: Leaf, rank: number): boolean {
  if (leaf.waiting === 0) return false
  return leaf.lines.some((line, each) => each <= rank && lengthOf(line) > 0)
}

export function lengthOf({ ready, blocked }: Line): number {
  return ready.size + blocked.size
}

/** The first in line of a leaf: highest priority, then oldest. */
export function headOf(leaf: Leaf): Waiter | undefined {
  for (const { ready, blocked } of leaf.lines) {
    const first = ready.first ?? blocked.first
    if (first !== undefined) return first
  }
  return undefined
}

/** Whether `a` goes before `b`. */
export function goesBefore(a: Waiter, b: Waiter): boolean {
  return a.rank === b.rank ? a.ticket < b.ticket : a.rank < b.rank
}

/** Everyone in a leaf's lines. */
export function* everyone(leaf: Leaf): Generator<Waiter> {
  for (const { ready, blocked } of leaf.lines) {
    yield* ready
    yield* blocked
  }
}
