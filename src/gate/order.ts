import { isAbsorbed, park, parkAt, RANKS, surface, type Rank, type Standing } from './line.ts'
import { canGrow, type LimitNode, type LimitTag } from './tree.ts'

/**
 * Who of those in line goes next. A search goes down from the account and takes the first child of
 * each heap. What turns out to be blocked for reasons of its own is parked, out of its parent's heap,
 * until something in it is released or its limits change; then the search starts anew. So each search
 * costs O(depth · log children), and nobody is looked at twice for the same reason.
 */
export interface Order {
  readonly account: LimitNode
  /** Tags that have room again, with someone parked at them. */
  readonly opened: Set<LimitTag>
  /** Told of a function whose next in line lacks nothing but an environment. */
  readonly onNoSlot: (fn: LimitNode) => void
}

/**
 * After so many of a higher priority that passed a lower one by, at the account, a group or a
 * function, one of the lower goes first there: order alone would let it wait for ever.
 */
const TRICKLE = 15

/** The leaf where the next one waits who may be let in; undefined where nobody in line could be. */
export function nextInLine(order: Order): Standing | undefined {
  if (order.opened.size > 0) for (const tag of order.opened) wakeFirst(order, tag)
  for (const rank of RANKS) {
    do {
      const found = search(order, order.account, rank)
      if (found !== undefined) return overdue(order, found) ?? found
      // Before a lower priority has its turn: someone of this one may be parked at an open tag.
    } while (order.opened.size > 0 && wakeAll(order, rank))
  }
  return undefined
}

/** Something of a leaf was given back: its tags have room for those parked at them. */
export function noteFreed({ opened }: Order, { tags }: LimitNode): void {
  for (const tag of tags) if (tag.parked.some(({ size }) => size > 0)) opened.add(tag)
}

/** Someone of a lower rank who was passed by often enough where this one would go through. */
function overdue(order: Order, { node, rank }: Standing): Standing | undefined {
  for (let at: LimitNode | undefined = node; at !== undefined; at = at.parent) {
    for (let lower = RANKS.length - 1; lower > rank; lower--) {
      const standing = at.line?.[lower as Rank]
      if (standing === undefined || standing.waiting === 0 || standing.passed < TRICKLE) continue
      const found = search(order, at, lower as Rank)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** The first of a rank at `top` or below who may be let in. */
function search(order: Order, top: LimitNode, rank: Rank): Standing | undefined {
  const standing = top.line?.[rank]
  if (standing === undefined || standing.waiting === 0) return undefined
  for (;;) {
    const entry = enter(top, rank)
    if (entry === BLOCKED) return undefined
    const found = descend(order, standing, entry)
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
  return above === BLOCKED ? BLOCKED : step(at, rank, above)
}

function step(at: LimitNode, rank: Rank, above: Entry): Entry {
  if (at.inUse >= at.max || at.inUse >= at.slots) return BLOCKED
  if (!canGrow(at, rank)) return MUST_ABSORB
  return above === MUST_ABSORB && at.inner >= at.held ? MUST_ABSORB : OPEN
}

/** Something was parked: the order may be another now. */
const PARKED_ONE = 'parked'

function descend(
  order: Order,
  top: Standing,
  entered: Entry,
): Standing | undefined | typeof PARKED_ONE {
  const { rank } = top
  let at = top
  let entry = entered
  // Only a leaf has a queue.
  while (at.queue.first === undefined) {
    const child = at.children.first
    if (child === undefined || (entry === MUST_ABSORB && !isAbsorbed(child))) {
      if (at === top) return undefined
      park(at)
      return PARKED_ONE
    }
    entry = step(child.node, rank, entry)
    if (entry === BLOCKED || (entry === MUST_ABSORB && child.queue.first !== undefined)) {
      const { inUse, slots, max } = child.node
      if (inUse >= slots && inUse < max) order.onNoSlot(child.node)
      park(child)
      return PARKED_ONE
    }
    at = child
  }
  return admissible(at, entry, at === top)
}

function admissible(
  leaf: Standing,
  entry: Entry,
  isTop: boolean,
): Standing | undefined | typeof PARKED_ONE {
  if (entry === MUST_ABSORB) return undefined
  for (const tag of leaf.node.tags) {
    if (tag.inUse < tag.max) continue
    if (isTop) return undefined
    parkAt(leaf, tag)
    return PARKED_ONE
  }
  return leaf
}

/** Lets the first of each rank parked at a tag stand in line again: a lower one's turn may be due. */
function wakeFirst({ opened }: Order, tag: LimitTag): void {
  let woken = false
  for (const { first } of tag.parked) {
    if (first === undefined || tag.inUse >= tag.max) continue
    surface(first.node)
    woken = true
  }
  if (!woken) opened.delete(tag)
}

/** Whether it fits into a guarantee, its own or one above it: a parked standing's key knows only its own. */
function fitsGuarantee({ node }: Standing): boolean {
  for (let at: LimitNode | undefined = node; at !== undefined; at = at.parent) {
    if (at.inner < at.held) return true
  }
  return false
}

/** Lets all of a rank do so who might get past the account; false where there is none. */
function wakeAll({ account, opened }: Order, rank: Rank): boolean {
  const entry = step(account, rank, OPEN)
  let woken = false
  for (const { inUse, max, parked } of opened) {
    if (inUse >= max || entry === BLOCKED) continue
    for (;;) {
      const next = entry === MUST_ABSORB ? parked[rank].find(fitsGuarantee) : parked[rank].first
      if (next === undefined) break
      surface(next.node)
      woken = true
    }
  }
  return woken
}
