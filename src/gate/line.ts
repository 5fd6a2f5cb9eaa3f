import { NodeHeap, PARKED } from './heap.ts'
import { List, type Linked } from './list.ts'
import { claimOf, type LimitNode, type LimitTag } from './tree.ts'
import type { Ask, Asker } from './gate.ts'

/** Someone in line. */
export interface Waiter extends Linked<Waiter> {
  readonly ask: Ask
  /** Told exactly once, when it leaves; then it is forgotten. */
  asker: Asker | undefined
  leaf: LimitNode
  /** Its priority's place in `PRIORITIES`; one better for a call that another invocation waits for. */
  readonly rank: number
  /** Order of arrival over the whole gate. */
  readonly ticket: number
  readonly sinceMs: number
  /** Longest wait for limits. */
  readonly maxWaitMs: number
  /** When it is looked at again, to be turned away or to go on waiting. */
  expiresMs: number
  /** The limits had room when it was last looked at: only an environment is missing. */
  promised: boolean
  /** An invocation that holds a slot of what blocks this one waits for it. */
  readonly nested: boolean
}

/** Who waits at a node or below it. Counts are by rank. */
export interface Line {
  readonly waiting: [number, number, number]
  /** Of those, who only lack an environment. */
  readonly promised: [number, number, number]
  /** At a leaf: those in line, in order of arrival. */
  readonly queues: readonly [List<Waiter>, List<Waiter>, List<Waiter>]
  /** At an inner node: the children with someone in line who may be admissible. */
  readonly heaps: readonly [NodeHeap, NodeHeap, NodeHeap]
  /** Its place in the parent's heaps, and in that of the tag at which it is parked; -1 outside. */
  readonly places: [number, number, number, number]
  /** 1 where the next in line fits into a guarantee at this node or below. */
  readonly absorbed: [number, number, number]
  /** Of the next in line. */
  readonly tickets: [number, number, number]
  /** How many of a higher rank went by since someone of this one was let in. */
  readonly passed: [number, number, number]
  /** The tag at which a leaf is parked. */
  parkedAt: LimitTag | undefined
}

export const RANKS = [0, 1, 2] as const
export type Rank = (typeof RANKS)[number]

/** The node's line, which is made when the first one joins. */
export function lineOf(at: LimitNode): Line {
  return (at.line ??= createLine())
}

function createLine(): Line {
  return {
    waiting: [0, 0, 0],
    promised: [0, 0, 0],
    queues: [new List<Waiter>(), new List<Waiter>(), new List<Waiter>()],
    heaps: [new NodeHeap(0), new NodeHeap(1), new NodeHeap(2)],
    places: [-1, -1, -1, -1],
    absorbed: [0, 0, 0],
    tickets: [0, 0, 0],
    passed: [0, 0, 0],
    parkedAt: undefined,
  }
}

/** How many of up to a rank wait for a limit: those who go before a newcomer of that rank. */
export function aheadAt(limit: LimitNode | LimitTag, rank: Rank): number {
  const waiting = limit.scope === 'tag' ? limit.waiting : limit.line?.waiting
  let ahead = 0
  for (let each = 0; each <= rank; each++) ahead += waiting?.[each] ?? 0
  return ahead
}

export function totalOf(line: Line | undefined): number {
  return line === undefined ? 0 : line.waiting[0] + line.waiting[1] + line.waiting[2]
}

/** Counts some of a rank in or out of line, here and above. */
export function countWaiting(leaf: LimitNode, rank: Rank, by: number): void {
  for (const tag of leaf.tags) tag.waiting[rank] += by
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    lineOf(at).waiting[rank] += by
  }
}

/** Says of someone in line that only an environment is missing, or no longer. */
export function setPromised(waiter: Waiter, promised: boolean): void {
  if (waiter.promised === promised) return
  waiter.promised = promised
  const rank = waiter.rank as Rank
  for (let at: LimitNode | undefined = waiter.leaf; at !== undefined; at = at.parent) {
    lineOf(at).promised[rank] += promised ? 1 : -1
  }
}

/** Everyone in line at a leaf, the highest priority first. */
export function* everyone({ line }: LimitNode): Generator<Waiter> {
  if (line === undefined) return
  for (const queue of line.queues) yield* queue
}

/**
 * Puts a leaf and its ancestors where their keys belong, in every heap of their parents': what is
 * parked is to be looked at again.
 */
export function surface(leaf: LimitNode): void {
  const { line } = leaf
  if (line?.parkedAt !== undefined) unpark(line)
  place(leaf, true)
}

/** The same after something was taken: what is parked stays so. */
export function reorder(leaf: LimitNode): void {
  place(leaf, false)
}

function place(leaf: LimitNode, again: boolean): void {
  for (let at = leaf; at.parent !== undefined; at = at.parent) {
    if (at.line === undefined) continue
    const { heaps } = lineOf(at.parent)
    for (const rank of RANKS) placeIn(heaps[rank], at, rank, again)
  }
}

function placeIn(heap: NodeHeap, at: LimitNode, rank: Rank, again: boolean): void {
  const line = lineOf(at)
  const isInside = line.places[rank] >= 0
  if (line.waiting[rank] === 0) {
    if (isInside) heap.remove(at)
  } else if (isInside) {
    updateKey(at, line, rank)
    heap.settle(at)
  } else if (again) {
    updateKey(at, line, rank)
    heap.push(at)
  }
}

function updateKey(at: LimitNode, line: Line, rank: Rank): void {
  const next = line.heaps[rank].first?.line
  const first = line.queues[rank].first
  const fits = at.inner < at.held || next?.absorbed[rank] === 1
  line.absorbed[rank] = fits ? 1 : 0
  line.tickets[rank] = first?.ticket ?? next?.tickets[rank] ?? 0
}

/** Takes out of the parent's heap of a rank what cannot be let in for reasons of its own. */
export function park(at: LimitNode, rank: Rank): void {
  const { parent } = at
  if (parent === undefined) return
  lineOf(parent).heaps[rank].remove(at)
  reorder(parent)
}

/** The same for a leaf that found a tag full: it is told when the tag has room. */
export function parkAtTag(leaf: LimitNode, tag: LimitTag): void {
  const line = lineOf(leaf)
  for (const rank of RANKS) if (line.places[rank] >= 0) park(leaf, rank)
  line.parkedAt = tag
  ;(tag.parked as NodeHeap).push(leaf)
}

function unpark(line: Line): void {
  const heap = line.parkedAt?.parked as NodeHeap | undefined
  line.parkedAt = undefined
  if (heap !== undefined) heap.removeAt(line.places[PARKED])
}

/** Takes a node with everyone in it out of its parent, which gets back what the node claimed. */
export function detach(at: LimitNode): void {
  move(at, -1)
  const { line, parent } = at
  if (parent === undefined) return
  for (const rank of RANKS) {
    if (line !== undefined && line.places[rank] >= 0) lineOf(parent).heaps[rank].remove(at)
  }
  surface(parent)
}

/** Puts it into another. */
export function attach(at: LimitNode, parent: LimitNode): void {
  at.parent = parent
  move(at, 1)
  surface(at)
}

function move(moved: LimitNode, sign: 1 | -1): void {
  const { line } = moved
  let claim = claimOf(moved) * sign
  for (let at = moved.parent; at !== undefined; at = at.parent) {
    const before = claimOf(at)
    at.inUse += moved.inUse * sign
    at.inner += claim
    claim = claimOf(at) - before
    if (line === undefined) continue
    for (const rank of RANKS) {
      lineOf(at).waiting[rank] += line.waiting[rank] * sign
      lineOf(at).promised[rank] += line.promised[rank] * sign
    }
  }
}
