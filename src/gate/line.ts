import { Heap } from './heap.ts'
import { List, type Linked } from './list.ts'
import { claimOf, leavesOf, promisedClaims, type LimitNode, type LimitTag } from './tree.ts'
import type { Ask, Asker } from './ask.ts'

/** A place in `PRIORITIES`. */
export type Rank = 0 | 1 | 2
export const RANKS: readonly Rank[] = [0, 1, 2]

export function rankOf({ priority }: Ask): Rank {
  return priority === 'interactive' ? 0 : priority === 'async' ? 1 : 2
}

/** Someone in line. */
export interface Waiter extends Linked<Waiter> {
  readonly ask: Ask
  /** Told exactly once, when it leaves; then it is forgotten. */
  asker: Asker | undefined
  leaf: LimitNode
  /** Of its priority; one better for a call that another invocation waits for. */
  readonly rank: Rank
  /** Order of arrival over the whole gate. */
  readonly ticket: number
  readonly sinceMs: number
  /** Longest wait for limits. */
  readonly maxWaitMs: number
  /** When it is looked at again, to be turned away or to go on waiting. */
  expiresMs: number
  /** The limits had room when it was last looked at: only an environment is missing. */
  promised: boolean
  /** How many nodes, from the leaf upwards, will claim one more for it. */
  claims: number
  /** An invocation that holds a slot of what blocks this one waits for it. */
  readonly nested: boolean
}

/**
 * Those of one rank who wait at a node or below it. It stands in the parent's heap of that rank, or in
 * that of the tag that it waits for; in none while it is known to be blocked for reasons of its own.
 */
export interface Standing {
  readonly node: LimitNode
  readonly rank: Rank
  heap: Heap | undefined
  place: number
  /** Who goes first at the parent: see `updateKey`. */
  key: number
  /** Of the next in line: who waits longest goes first among equals. */
  ticket: number
  waiting: number
  /** Of those, who only lack an environment. */
  promised: number
  /** Of those, for whom the node will claim one more; a guarantee below has claimed for the others. */
  promisedClaims: number
  /** How many of a higher rank went by here since someone of this one was let in. */
  passed: number
  /** At a leaf: those in line, in order of arrival. */
  queue: List<Waiter>
  /** At an inner node: the children with someone in line who may be admissible. */
  children: Heap
}

/** By rank; undefined where nobody of that rank ever waited. */
export type Line = [Standing | undefined, Standing | undefined, Standing | undefined]

/** Added to the key where nobody could be let in on what is guaranteed here or below, and not lent. */
const NOT_ABSORBED = 2 ** 32
/** Added where the node has its guarantee already; else it may have lent a part that it is owed. */
const NOT_OWED = 2 ** 31

export function isAbsorbed({ key }: Standing): boolean {
  return key < NOT_ABSORBED
}

/** The standing of a rank at a node, which is made when the first one joins. */
export function standingOf(node: LimitNode, rank: Rank): Standing {
  const line = (node.line ??= [undefined, undefined, undefined])
  return (line[rank] ??= createStanding(node, rank))
}

function createStanding(node: LimitNode, rank: Rank): Standing {
  return {
    node,
    rank,
    heap: undefined,
    place: 0,
    key: 0,
    ticket: 0,
    waiting: 0,
    promised: 0,
    promisedClaims: 0,
    passed: 0,
    queue: NO_QUEUE,
    children: NO_CHILDREN,
  }
}

/** A leaf has no children and an inner node no queue: each is made where it is needed. */
const NO_QUEUE = new List<Waiter>()
const NO_CHILDREN = new Heap()

/** Puts someone at the end of a leaf's queue; whether it is the only one there. */
export function enqueue(waiter: Waiter): boolean {
  const standing = standingOf(waiter.leaf, waiter.rank)
  if (standing.queue === NO_QUEUE) standing.queue = new List<Waiter>()
  standing.queue.push(waiter)
  return standing.queue.size === 1
}

function childrenAt(parent: LimitNode, rank: Rank): Heap {
  const standing = standingOf(parent, rank)
  if (standing.children === NO_CHILDREN) standing.children = new Heap()
  return standing.children
}

/**
 * Who fits into a guarantee goes first, then who has lent some of one, then who holds least for its
 * weight: seats in use and not work done, because that needs no guess of durations and no bookkeeping
 * of the past. A key is a copy: what changes it has it updated.
 */
function updateKey(standing: Standing): void {
  const { node, queue, children } = standing
  const next = children.first
  const isGuaranteed = node.inner < node.held || (next !== undefined && isAbsorbed(next))
  const isOwed = node.inner < node.guarantee
  const share = node.inUse / node.weight
  standing.key = (isGuaranteed ? 0 : NOT_ABSORBED) + (isOwed ? 0 : NOT_OWED) + share
  standing.ticket = queue.first?.ticket ?? next?.ticket ?? 0
}

export function waitingAt({ line }: LimitNode, rank: Rank): number {
  return line?.[rank]?.waiting ?? 0
}

export function totalWaiting(node: LimitNode): number {
  return waitingAt(node, 0) + waitingAt(node, 1) + waitingAt(node, 2)
}

export function totalPromised({ line }: LimitNode): number {
  let sum = 0
  for (const rank of RANKS) sum += line?.[rank]?.promised ?? 0
  return sum
}

/** How many of up to a rank wait for a limit: those who go before a newcomer of that rank. */
export function aheadAt(limit: LimitNode | LimitTag, rank: Rank): number {
  let ahead = 0
  for (const each of RANKS) {
    if (each > rank) break
    ahead += limit.scope === 'tag' ? limit.waiting[each] : waitingAt(limit, each)
  }
  return ahead
}

/** Counts some of a rank in or out of line, here and above. */
export function countWaiting(leaf: LimitNode, rank: Rank, by: number): void {
  for (const tag of leaf.tags) tag.waiting[rank] += by
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    standingOf(at, rank).waiting += by
  }
}

/** Says of someone in line that only an environment is missing, or no longer. */
export function setPromised(waiter: Waiter, promised: boolean): void {
  if (waiter.promised === promised) return
  waiter.promised = promised
  if (promised) waiter.claims = promise(waiter.leaf, waiter.rank)
  else takeBack(waiter)
}

/** As `admit`, for one who will be in. */
function promise(leaf: LimitNode, rank: Rank): number {
  for (const tag of leaf.tags) tag.promised[rank]++
  let claims = 0
  let grows = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    const standing = standingOf(at, rank)
    standing.promised++
    if (!grows) continue
    if (at.inner + promisedClaims(at, rank) < at.held) grows = false
    standing.promisedClaims++
    claims++
  }
  return claims
}

function takeBack({ leaf, rank, claims }: Waiter): void {
  for (const tag of leaf.tags) tag.promised[rank]--
  let left = claims
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    const standing = standingOf(at, rank)
    standing.promised--
    if (left-- > 0) standing.promisedClaims--
  }
}

/** Everyone in line at a leaf, the highest priority first. */
function* everyone({ line }: LimitNode): Generator<Waiter> {
  for (const standing of line ?? []) if (standing !== undefined) yield* standing.queue
}

/**
 * Puts a leaf and its ancestors where their keys belong, in the heaps of their parents: what was
 * parked is to be looked at again.
 */
export function surface(leaf: LimitNode): void {
  for (let at = leaf; at.parent !== undefined; at = at.parent) {
    if (at.line === undefined) continue
    for (const rank of RANKS) {
      const standing = at.line[rank]
      if (standing !== undefined) emerge(standing, at.parent)
    }
  }
}

function emerge(standing: Standing, parent: LimitNode): void {
  const { heap, waiting, rank } = standing
  const home = waiting === 0 ? undefined : childrenAt(parent, rank)
  if (heap !== undefined && heap !== home) heap.remove(standing)
  if (home === undefined) return
  updateKey(standing)
  if (heap === home) home.settle(standing)
  else home.push(standing)
}

/** The same after something was taken: what is parked stays so. */
export function reorder(leaf: LimitNode): void {
  for (let at = leaf; at.parent !== undefined; at = at.parent) {
    if (at.line === undefined) continue
    for (const rank of RANKS) {
      const standing = at.line[rank]
      if (standing?.heap !== undefined) resettle(standing, standing.heap)
    }
  }
}

function resettle(standing: Standing, heap: Heap): void {
  if (standing.waiting === 0) return heap.remove(standing)
  updateKey(standing)
  heap.settle(standing)
}

/**
 * Counts the first in line in, and out of the line: `admit`, `countWaiting` and `reorder` on one way
 * up. Also counts, at every node, who was passed by.
 */
export function letFirstIn({ node, rank }: Standing): void {
  for (const tag of node.tags) {
    tag.inUse++
    tag.waiting[rank]--
  }
  let grows = true
  for (let at: LimitNode | undefined = node; at !== undefined; at = at.parent) {
    if (grows) {
      if (at.inner < at.held) grows = false
      at.inner++
    }
    at.inUse++
    for (const standing of at.line ?? []) {
      if (standing === undefined) continue
      if (standing.rank === rank) {
        standing.waiting--
        standing.passed = 0
      } else if (standing.rank > rank && standing.waiting > 0) standing.passed++
      if (standing.heap !== undefined) resettle(standing, standing.heap)
    }
  }
}

/** Takes out of the heap what cannot be let in for reasons of its own, until it surfaces. */
export function park(standing: Standing): void {
  standing.heap?.remove(standing)
  if (standing.node.parent !== undefined) reorder(standing.node.parent)
}

/** The same for one that found a tag full. It surfaces when the tag has room. */
export function parkAt(standing: Standing, tag: LimitTag): void {
  park(standing)
  tag.parked[standing.rank].push(standing)
}

/** Puts a function with everything in it below another group. */
export function moveTo(fn: LimitNode, group: LimitNode): void {
  const promised = [...everyoneBelow(fn)].filter((waiter) => waiter.promised)
  for (const waiter of promised) setPromised(waiter, false)
  countInParents(fn, -1)
  for (const standing of fn.line ?? []) standing?.heap?.remove(standing)
  // It gets back what the function claimed.
  if (fn.parent !== undefined) surface(fn.parent)
  fn.parent = group
  countInParents(fn, 1)
  surface(fn)
  for (const waiter of promised) setPromised(waiter, true)
}

/** Everyone in line for a function. */
export function* everyoneBelow(fn: LimitNode): Generator<Waiter> {
  for (const leaf of leavesOf(fn)) yield* everyone(leaf)
}

function countInParents(moved: LimitNode, sign: 1 | -1): void {
  let claim = claimOf(moved) * sign
  for (let at = moved.parent; at !== undefined; at = at.parent) {
    const before = claimOf(at)
    at.inUse += moved.inUse * sign
    at.inner += claim
    claim = claimOf(at) - before
    for (const standing of moved.line ?? []) {
      if (standing !== undefined) standingOf(at, standing.rank).waiting += standing.waiting * sign
    }
  }
}
