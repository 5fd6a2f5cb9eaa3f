import type { FunctionLimits } from '../model/limits.ts'
import type { Line } from './line.ts'
import type { Blocked } from './refusal.ts'

/** What a limit is of. */
export type Scope = 'account' | 'group' | 'function' | 'tenant' | 'source' | 'version' | 'tag'

/** Where there is no ceiling. Small enough to be added to, and to be kept as an integer. */
export const UNLIMITED = 2 ** 30 - 1

/**
 * One limit of the tree account → group → function → tenant, source or version, and what it holds.
 *
 * `inner` is what its children claim (at a leaf: what runs), and `claim = max(inner, held)` what it
 * takes of its parent: an idle guarantee is claimed beforehand, so its owner always finds it free.
 * Every admission and release keeps both up to date in O(depth).
 */
export interface LimitNode {
  readonly scope: Exclude<Scope, 'tag'>
  /** Of a group or function; `function:name` of what is below it; empty for the account. */
  readonly name: string
  parent: LimitNode | undefined
  /** What has limits of its own below a function: its invocations are then counted there alone. */
  branches: Branches | undefined
  max: number
  /** What it can always have. */
  guarantee: number
  /** The part of its guarantee that others may not borrow: `guarantee - lend`. */
  held: number
  weight: number
  /** By rank of priority: slots that it must leave free. */
  headroom: readonly number[]
  /** What the ready environments of a function can take together. */
  slots: number
  tags: readonly LimitTag[]
  inUse: number
  inner: number
  readonly pace: Pace
  /** Who waits here or below; undefined where nobody ever has. */
  line: Line | undefined
  /** What was refused because of limits, and the last time why. */
  refusals: Refusals | undefined
}

/** By name. Those of neither a tenant, a source nor a version are counted with the tenant ''. */
export interface Branches {
  readonly tenant: Map<string, LimitNode>
  readonly source: Map<string, LimitNode>
  readonly version: Map<string, LimitNode>
  /** What is configured for them. */
  given: FunctionLimits
}

/** A cap over any set of functions. Sets may overlap, so it is no part of the tree. */
export interface LimitTag {
  readonly scope: 'tag'
  readonly name: string
  max: number
  inUse: number
  readonly pace: Pace
  /** By rank: who waits for functions that have it. */
  readonly waiting: [number, number, number]
  /** Leaves that were first in line and found it full. */
  readonly parked: ParkedLeaves
}

/** What `order.ts` keeps of leaves that wait for a tag. */
export interface ParkedLeaves {
  readonly size: number
}

/** How long a slot is held, as a running mean. */
export interface Pace {
  meanMs: number
  samples: number
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
    scope,
    name,
    parent,
    branches: undefined,
    max: UNLIMITED,
    guarantee: 0,
    held: 0,
    weight: 1,
    headroom: NO_HEADROOM,
    slots: UNLIMITED,
    tags: NO_TAGS,
    inUse: 0,
    inner: 0,
    pace: { meanMs: 0, samples: 0 },
    line: undefined,
    refusals: undefined,
  }
}

/** What it takes of its parent. */
export function claimOf({ inner, held }: LimitNode): number {
  return inner > held ? inner : held
}

/** Whether its claim may grow by one for someone of this rank. */
export function canGrow(at: LimitNode, rank: number): boolean {
  if (at.inner < at.held) return true
  return at.inner < at.max - (at.headroom[rank] ?? 0)
}

export function hasFullTag({ tags }: LimitNode): boolean {
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
    if (tag.inUse >= tag.max) return { limit: tag, why: 'maxConcurrency' }
  }
  let grows = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    const promised = counting ? promisedUpTo(at, rank) : 0
    if (at.inUse + promised >= at.max) return { limit: at, why: 'maxConcurrency' }
    if (!grows) continue
    const inner = at.inner + promised
    if (inner < at.held) grows = false
    else if (inner >= at.max) return { limit: at, why: 'guarantees' }
    else if (inner >= at.max - (at.headroom[rank] ?? 0)) return { limit: at, why: 'headroom' }
  }
  return undefined
}

function promisedUpTo({ line }: LimitNode, rank: number): number {
  if (line === undefined) return 0
  let sum = 0
  for (let each = 0; each <= rank; each++) sum += line.promised[each] ?? 0
  return sum
}

/** How many more of a leaf the limits would let in now, those in line aside. */
export function roomOf(leaf: LimitNode): number {
  let room = UNLIMITED
  for (const { max, inUse } of leaf.tags) room = Math.min(room, max - inUse)
  // Slots that are claimed beforehand, of the guarantees passed so far.
  let claimed = 0
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    room = Math.min(room, at.max - at.inUse, claimed + at.max - at.inner)
    claimed += Math.max(0, at.held - at.inner)
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
  for (const tag of leaf.tags) {
    tag.inUse--
    learn(tag.pace, heldMs)
  }
  let shrinks = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    at.inUse--
    learn(at.pace, heldMs)
    if (!shrinks) continue
    at.inner--
    if (at.inner < at.held) shrinks = false
  }
}

/** A mean of all at first, then of about the last 32. */
const SAMPLES_MAX = 32

function learn(pace: Pace, heldMs: number): void {
  if (pace.samples < SAMPLES_MAX) pace.samples++
  pace.meanMs += (heldMs - pace.meanMs) / pace.samples
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
