import type { FunctionLimits } from '../model/limits.ts'
import type { Heap } from './heap.ts'
import type { Line } from './line.ts'
import type { Blocked } from './refusal.ts'

/** What a limit is of. */
export type Scope = 'account' | 'group' | 'function' | 'tenant' | 'source' | 'version' | 'tag'

/** Where there is no ceiling. Small enough to be added to, and to be kept as an integer. */
export const UNLIMITED: number = 2 ** 30 - 1

/**
 * One limit of the tree account → group → function → tenant, source or version, and what it holds.
 *
 * `inner` is what its children claim (at a leaf: what runs), and `claim = max(inner, held)` what it
 * takes of its parent: an idle guarantee is claimed beforehand, so its owner always finds it free.
 * Every admission and release keeps both up to date in O(depth). There may be 100,000 of these, so
 * what only some need is made when they need it.
 */
export interface LimitNode {
  inUse: number
  inner: number
  max: number
  /** The part of its guarantee that others may not borrow: `guarantee - lend`. */
  held: number
  /** What the ready environments of a function can take together. */
  slots: number
  parent: LimitNode | undefined
  tags: readonly LimitTag[]
  /** By rank of priority: slots that it must leave free. */
  headroom: readonly number[]
  /** Who waits here or below. */
  line: Line | undefined
  /** What has limits of its own below a function: its invocations are then counted there alone. */
  branches: Branches | undefined
  /** How long a slot is held, as a running mean: whole microseconds, which V8 keeps in place. */
  meanUs: number
  samples: number
  scope: Exclude<Scope, 'tag'>
  /** Of a group, function, tenant, source or version; empty for the account. */
  name: string
  /** What it can always have. */
  guarantee: number
  weight: number
  /** What was refused because of limits, and the last time why. */
  refusals: Refusals | undefined
  /** The next of its function's branches. */
  sibling: LimitNode | undefined
}

/** Those below a function that are in use, or kept. Few are at a time, so they are found by looking. */
export interface Branches {
  first: LimitNode | undefined
  tenantMax: number
  tenantWeight: number
  /** What is configured for all of them. */
  given: FunctionLimits
}

/** A cap over any set of functions. Sets may overlap, so it is no part of the tree. */
export interface LimitTag {
  readonly scope: 'tag'
  readonly name: string
  max: number
  inUse: number
  meanUs: number
  samples: number
  /** By rank: who waits for functions that have it. */
  readonly waiting: [number, number, number]
  /** By rank: of those, who only lack an environment. */
  readonly promised: [number, number, number]
  /** By rank: the leaves that were next and found it full. */
  readonly parked: readonly [Heap, Heap, Heap]
}

export interface Refusals {
  count: number
  last: Blocked
  lastMs: number
}

/** What about a limit keeps someone out. */
export type Why =
  /** Everything is in use. */
  | 'maxConcurrency'
  /** What is not in use is guaranteed to others. */
  | 'guarantees'
  /** What is free is kept free for a higher priority. */
  | 'headroom'
  /** Lambda's requests per second; only in mode `aws`. */
  | 'rate'
  /** Too many are in line already. */
  | 'queue'
  /** A function that holds a slot of this limit waits for this very call. */
  | 'nested'

const NO_HEADROOM: readonly number[] = [0, 0, 0]
const NO_TAGS: readonly LimitTag[] = []

export function createNode(
  scope: LimitNode['scope'],
  name: string,
  parent: LimitNode | undefined,
): LimitNode {
  return {
    inUse: 0,
    inner: 0,
    max: UNLIMITED,
    held: 0,
    slots: UNLIMITED,
    parent,
    tags: NO_TAGS,
    headroom: NO_HEADROOM,
    line: undefined,
    branches: undefined,
    meanUs: 0,
    samples: 0,
    scope,
    name,
    guarantee: 0,
    weight: 1,
    refusals: undefined,
    sibling: undefined,
  }
}

/** What is below a function, as far as it is in use or kept. */
export function* childrenOf({ branches }: LimitNode): Generator<LimitNode> {
  for (let at = branches?.first; at !== undefined;) {
    const { sibling } = at
    yield at
    at = sibling
  }
}

/** Where those who ask for a function may be in line. */
export function* leavesOf(fn: LimitNode): Generator<LimitNode> {
  yield fn
  yield* childrenOf(fn)
}

/** What it takes of its parent. */
export function claimOf({ inner, held }: LimitNode): number {
  return inner > held ? inner : held
}

/** Whether a function can run nothing at all, so that there is nothing to wait for. */
export function isOff(fn: LimitNode): boolean {
  if (fn.tags.some(({ max }) => max === 0)) return true
  return fn.max === 0 || fn.parent?.max === 0 || fn.parent?.parent?.max === 0
}

/** Whether its claim may grow by one for someone of this rank. */
export function canGrow(at: LimitNode, rank: number): boolean {
  if (at.inner < at.held) return true
  return at.inner < at.max - (at.headroom[rank] ?? 0)
}

function hasFullTag({ tags }: LimitNode): boolean {
  for (const tag of tags) if (tag.inUse >= tag.max) return true
  return false
}

/** Whether limits and environments have room for one more of `leaf`, at once. */
export function fits(leaf: LimitNode, rank: number): boolean {
  if (hasFullTag(leaf)) return false
  let grows = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    if (at.inUse >= at.max || at.inUse >= at.slots) return false
    if (!grows) continue
    if (!canGrow(at, rank)) return false
    // Absorbed by a guarantee: the ancestors have accounted for it already.
    if (at.inner < at.held) grows = false
  }
  return true
}

/** The narrowest limit that keeps someone of a rank out, and why; the environments aside. */
export interface Blocker {
  readonly limit: LimitNode | LimitTag
  readonly why: Why
}

/**
 * What keeps one more of `leaf` out; undefined where the limits have room. With `counting`, those of
 * up to this rank in line who lack only an environment count as if they were in: they go before a
 * newcomer, who must know what it would wait for.
 */
export function blockerOf(leaf: LimitNode, rank: number, counting: boolean): Blocker | undefined {
  for (const tag of leaf.tags) {
    const promised = counting ? upTo(rank, tag.promised) : 0
    if (tag.inUse + promised >= tag.max) return { limit: tag, why: 'maxConcurrency' }
  }
  let grows = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    const promised = counting ? promisedUpTo(at, rank) : 0
    if (at.inUse + promised >= at.max) return { limit: at, why: 'maxConcurrency' }
    if (!grows) continue
    const inner = at.inner + (counting ? promisedClaims(at, rank) : 0)
    if (inner < at.held) grows = false
    else if (inner >= at.max) return { limit: at, why: 'guarantees' }
    else if (inner >= at.max - (at.headroom[rank] ?? 0)) return { limit: at, why: 'headroom' }
  }
  return undefined
}

function upTo(rank: number, counts: readonly number[]): number {
  let sum = 0
  for (let each = 0; each <= rank; each++) sum += counts[each] ?? 0
  return sum
}

function promisedUpTo({ line }: LimitNode, rank: number): number {
  if (line === undefined) return 0
  let sum = 0
  for (let each = 0; each <= rank; each++) sum += line[each]?.promised ?? 0
  return sum
}

/** How much more a node will claim once those of up to a rank are in who only lack an environment. */
export function promisedClaims({ line }: LimitNode, rank: number): number {
  if (line === undefined) return 0
  let sum = 0
  for (let each = 0; each <= rank; each++) sum += line[each]?.promisedClaims ?? 0
  return sum
}

/** How many more of a leaf and rank the limits would let in now, those in line aside. */
export function roomOf(leaf: LimitNode, rank: number): number {
  let room = UNLIMITED
  for (const { max, inUse } of leaf.tags) room = Math.min(room, max - inUse)
  // Slots that are claimed beforehand, of the guarantees passed so far.
  let claimed = 0
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    const own = Math.max(0, at.held - at.inner)
    const shared = at.max - Math.max(at.inner, at.held) - (at.headroom[rank] ?? 0)
    room = Math.min(room, at.max - at.inUse, claimed + own + Math.max(0, shared))
    claimed += own
  }
  return Math.max(0, room)
}

/** Counts one more invocation of `leaf` in. The caller has asked `fits`. */
export function admit(leaf: LimitNode): void {
  for (const tag of leaf.tags) tag.inUse++
  let grows = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    at.inUse++
    if (!grows) continue
    if (at.inner < at.held) grows = false
    at.inner++
  }
}

/** Counts one invocation of `leaf` out, which held its slot for so long: the mirror of `admit`. */
export function discharge(leaf: LimitNode, heldMs: number): void {
  const heldUs = Math.min(heldMs * 1000, HELD_MAX_US) | 0
  for (const tag of leaf.tags) {
    tag.inUse--
    learn(tag, heldUs)
  }
  let shrinks = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    at.inUse--
    learn(at, heldUs)
    if (!shrinks) continue
    at.inner--
    if (at.inner < at.held) shrinks = false
  }
}

/** A mean of all at first, then of about the last 32. */
const SAMPLES_SHIFT = 5
/** Eighteen minutes: nobody is told to wait for longer, so what is longer need not be known. */
const HELD_MAX_US = 2 ** 30

function learn(limit: LimitNode | LimitTag, heldUs: number): void {
  const off = heldUs - limit.meanUs
  if (limit.samples >> SAMPLES_SHIFT > 0) limit.meanUs += off >> SAMPLES_SHIFT
  else limit.meanUs += (off / ++limit.samples) | 0
}

/** Lets what a node claims change, and has all ancestors take note. */
export function reclaim(at: LimitNode, change: () => void): void {
  const before = claimOf(at)
  change()
  const more = claimOf(at) - before
  const { parent } = at
  if (more === 0 || parent === undefined) return
  reclaim(parent, () => void (parent.inner += more))
}
