import type { NodeHeap } from './heap.ts'
import { lineOf, park, parkAtTag, RANKS, surface, type Rank } from './line.ts'
import { canGrow, type LimitNode, type LimitTag } from './tree.ts'

/**
 * Who of those in line goes next. A search goes down from the account and takes the first child of
 * each heap. What turns out to be blocked for reasons of its own is parked, out of its parent's heap,
 * until something in it is released or its limits change; then the search starts anew. So each search
 * costs O(depth · log children), and nobody is looked at twice for the same reason.
 */
export interface Order {
  readonly account: LimitNode
  /** Tags that have room again, with leaves parked at them. */
  readonly opened: Set<LimitTag>
  /** Told of a function whose next in line lacks nothing but an environment. */
  readonly onNoSlot: (fn: LimitNode) => void
}

/** Where the next one waits, and of which rank it is. */
export interface Next {
  readonly leaf: LimitNode
  readonly rank: Rank
}

/**
 * After so many of a higher priority that passed a lower one by, at the account, a group or a
 * function, one of the lower goes first there: order alone would let it wait for ever.
 */
const TRICKLE = 15

/** The next one who may be let in; undefined where nobody in line could be. */
export function nextInLine(order: Order): Next | undefined {
  for (const tag of order.opened) wake(order, tag)
  for (const rank of RANKS) {
    do {
      const leaf = search(order, order.account, rank)
      if (leaf !== undefined) return overdue(order, leaf, rank) ?? { leaf, rank }
      // Before a lower priority has its turn: someone of this one may be parked at an open tag.
    } while (wakeAll(order, rank))
  }
  return undefined
}

/** Counts that one of a rank was let in, for those of lower ranks who were passed by. */
export function notePassed(leaf: LimitNode, rank: Rank): void {
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    const { line } = at
    if (line === undefined) continue
    line.passed[rank] = 0
    for (let lower = rank + 1; lower < RANKS.length; lower++) {
      if ((line.waiting[lower] ?? 0) > 0) line.passed[lower as Rank]++
    }
  }
}

/** Someone of a lower rank who was passed by often enough where this one would go through. */
function overdue(order: Order, leaf: LimitNode, rank: Rank): Next | undefined {
  if (rank === 2) return undefined
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    for (let lower: number = RANKS.length - 1; lower > rank; lower--) {
      const { waiting, passed } = lineOf(at)
      if ((waiting[lower] ?? 0) === 0 || (passed[lower] ?? 0) < TRICKLE) continue
      const found = search(order, at, lower as Rank)
      if (found !== undefined) return { leaf: found, rank: lower as Rank }
    }
  }
  return undefined
}

/** The first of a rank at `top` or below who may be let in. */
function search(order: Order, top: LimitNode, rank: Rank): LimitNode | undefined {
  for (;;) {
    const entered = enter(top, rank)
    if (entered === BLOCKED) return undefined
    const found = descend(order, top, rank, entered === MUST_ABSORB)
    if (found !== PARKED_ONE) return found
  }
}

const BLOCKED = 0
const OPEN = 1
/** An ancestor cannot grow: only who fits into a guarantee below it may be let in. */
const MUST_ABSORB = 2
type Entry = typeof BLOCKED | typeof OPEN | typeof MUST_ABSORB

/** How a node can be entered from the account, through every limit on the way. */
function enter(at: LimitNode, rank: Rank): Entry {
  const above = at.parent === undefined ? OPEN : enter(at.parent, rank)
  if (above === BLOCKED) return BLOCKED
  return step(at, rank, above)
}

function step(at: LimitNode, rank: Rank, above: Entry): Entry {
  if (at.inUse >= at.max || at.inUse >= at.slots) return BLOCKED
  if (!canGrow(at, rank)) return MUST_ABSORB
  return above === MUST_ABSORB && at.inner >= at.held ? MUST_ABSORB : OPEN
}

/** Something was parked: the order may be another now. */
const PARKED_ONE = Symbol('parked')

function descend(
  order: Order,
  top: LimitNode,
  rank: Rank,
  mustAbsorb: boolean,
): LimitNode | undefined | typeof PARKED_ONE {
  let at = top
  let entry: Entry = mustAbsorb ? MUST_ABSORB : OPEN
  while (isInner(at)) {
    const child: LimitNode | undefined = lineOf(at).heaps[rank].first
    if (child === undefined || (entry === MUST_ABSORB && child.line?.absorbed[rank] === 0)) {
      if (at === top) return undefined
      park(at, rank)
      return PARKED_ONE
    }
    entry = step(child, rank, entry)
    if (entry === BLOCKED || (entry === MUST_ABSORB && !isInner(child))) {
      if (child.inUse >= child.slots && child.inUse < child.max) order.onNoSlot(child)
      park(child, rank)
      return PARKED_ONE
    }
    at = child
  }
  return admissible(at, entry, at === top)
}

function admissible(
  leaf: LimitNode,
  entry: Entry,
  isTop: boolean,
): LimitNode | undefined | typeof PARKED_ONE {
  if (entry === MUST_ABSORB) return undefined
  const full = leaf.tags.find(({ inUse, max }) => inUse >= max)
  if (full === undefined) return leaf
  if (isTop) return undefined
  parkAtTag(leaf, full)
  return PARKED_ONE
}

/** The account and the groups always; a function where something below it has limits of its own. */
function isInner({ scope, branches }: LimitNode): boolean {
  return scope === 'account' || scope === 'group' || branches !== undefined
}

/** Lets the best of those parked at a tag stand in line again. */
function wake({ opened }: Order, tag: LimitTag): boolean {
  const parked = tag.parked as NodeHeap
  const leaf = tag.inUse < tag.max ? parked.first : undefined
  if (leaf === undefined) {
    opened.delete(tag)
    return false
  }
  surface(leaf)
  return true
}

function wakeAll(order: Order, rank: Rank): boolean {
  let woken = false
  for (const tag of order.opened) {
    while (hasParked(tag, rank) && wake(order, tag)) woken = true
  }
  return woken
}

function hasParked(tag: LimitTag, rank: Rank): boolean {
  const first = (tag.parked as NodeHeap).first
  if (first?.line === undefined) return false
  return first.line.waiting.some((count, each) => each <= rank && count > 0)
}
