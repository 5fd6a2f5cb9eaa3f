import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import type { LimitsConfig, Priority } from '../model/limits.ts'
import {
  createLeaf,
  everyone,
  goesBefore,
  hasElder,
  headOf,
  rankOf,
  type Leaf,
  type Line,
  type Waiter,
} from './line.ts'
import { snapshotOf, type GateSnapshot } from './snapshot.ts'
import {
  admit,
  blockedBy,
  configureTree,
  createTree,
  discharge,
  NOBODY,
  promise,
  type LimitNode,
  type LimitTree,
} from './tree.ts'

/** One invocation asking to run. */
export interface Ask {
  readonly functionName: string
  readonly priority: Priority
  /** How long it may wait for limits. 0 means now or never, as on Lambda; Infinity is allowed. */
  readonly maxWaitMs: number
  /** When the caller stops waiting, on the clock's `nowMs`; bounds the wait for an environment too. */
  readonly deadlineMs: number
}

/** What the gate says. A throttle is an answer, not an exception: it is an everyday thing. */
export type Decision =
  | { readonly kind: 'permit'; readonly permit: Permit }
  | { readonly kind: 'throttle'; readonly blocked: Blocked }
  /** The deadline passed while only an environment was missing. */
  | { readonly kind: 'late'; readonly waitedMs: number }
  | { readonly kind: 'cancelled'; readonly waitedMs: number }
  /** No such function, or it went away in a reload. */
  | { readonly kind: 'gone'; readonly waitedMs: number }

/** The right to run one invocation, an environment's slot included. Release it exactly once. */
export interface Permit {
  readonly functionName: string
  readonly waitedMs: number
  /** @throws {Error} when it was released before: the counts would drift. */
  release(): void
}

/** Who asks, and is told: once, and for all. */
export interface Asker {
  onDecision(decision: Decision): void
}

/** Which limit stood in the way, and how it stood then. */
export interface Blocked {
  readonly scope: 'account' | 'group' | 'function'
  /** Group or function name; empty for the account. */
  readonly name: string
  readonly max: number
  readonly inUse: number
  readonly waitedMs: number
}

/** A place in line, to be given up by `Gate.cancel`. */
export type Waiting = Waiter

export interface GateOptions {
  readonly clock: Clock
  /** Someone joined the line of a function for want of an environment: the pool may start one. */
  readonly onEnvironmentWanted?: (functionName: string) => void
}

/**
 * Decides which invocation may run now, which waits and which is throttled.
 *
 * There is one line. An invocation runs when its limits have room *and* an environment of its
 * function has a free slot; both are taken in one step, so that nothing is held by those who wait,
 * and priority decides over both. A freed slot is handed to the first in line who fits before
 * anyone else can see it, and a newcomer never goes past an elder of its function: nobody barges.
 * `maxWaitMs` bounds the wait for limits; the wait for an environment alone is bounded by the
 * deadline. Everything is synchronous and takes time from `Clock`: the simulator drives this code.
 */
export class Gate {
  readonly #clock: Clock
  readonly #tree: LimitTree
  readonly #leaves = new Map<string, Leaf>()
  readonly #crowded = new Set<Leaf>()
  readonly #onEnvironmentWanted: (functionName: string) => void
  #config: LimitsConfig
  #tickets = 0
  readonly #onRelease = (): void => this.#letIn()
  #alarm: { readonly atMs: number; readonly timer: Disposable } | undefined

  constructor(config: LimitsConfig, options: GateOptions) {
    this.#clock = options.clock
    this.#config = config
    this.#onEnvironmentWanted = options.onEnvironmentWanted ?? ((): void => {})
    this.#tree = createTree(config)
    this.#syncLeaves()
  }

  get config(): LimitsConfig {
    return this.#config
  }

  /**
   * Takes effect at once, on those in line too. Lowering a limit below what runs stops nothing: it
   * lets no more in until enough has drained. The caller has checked the sums (`checkLimits`).
   */
  configure(config: LimitsConfig): void {
    this.#config = config
    configureTree(this.#tree, config)
    this.#syncLeaves()
    for (const leaf of this.#crowded) this.#reassess(leaf)
    this.#letIn()
  }

  /** Says how many invocations the ready environments of a function can take together. */
  setSlots(functionName: string, slots: number): void {
    const leaf = this.#leaves.get(functionName)
    if (leaf === undefined) return
    const more = slots > leaf.slots
    leaf.slots = slots
    if (more) this.#letIn()
  }

  /** How many of a function wait for an environment and nothing else, and the oldest's age. */
  wanted(functionName: string): { readonly count: number; readonly oldestMs: number } {
    const leaf = this.#leaves.get(functionName)
    if (leaf === undefined || leaf.waiting === 0) return { count: 0, oldestMs: 0 }
    const head = headOf(leaf)
    const oldestMs = head === undefined ? 0 : this.#clock.nowMs() - head.sinceMs
    const count = leaf.node.promised.reduce((sum, each) => sum + each, 0)
    return { count, oldestMs }
  }

  /**
   * Asks to run. The asker is told exactly once: before this returns where the answer is known now
   * (then there is nothing to cancel), else when it leaves the line. No closure is made on the way:
   * those of one request kept the next one's alive, and with it all that came after.
   */
  acquire(ask: Ask, asker: Asker): Waiting | undefined {
    const leaf = this.#leaves.get(ask.functionName)
    if (leaf === undefined) {
      asker.onDecision({ kind: 'gone', waitedMs: 0 })
      return undefined
    }
    const rank = rankOf(ask.priority)
    if (!hasElder(leaf, rank) && fits(leaf)) {
      asker.onDecision({ kind: 'permit', permit: this.#admit(leaf, 0) })
      return undefined
    }
    const blocker = blockedBy(leaf.node, rank)
    // A limit of 0 is an off switch: there is nothing to wait for.
    if (blocker !== undefined && (ask.maxWaitMs === 0 || blocker.max === 0)) {
      asker.onDecision({ kind: 'throttle', blocked: blockedAt(blocker, 0) })
      return undefined
    }
    return this.#join(leaf, ask, asker)
  }

  /** Takes someone out of the line, who is told `cancelled`. Nothing happens to who has left. */
  cancel(waiter: Waiting): void {
    if (waiter.list === undefined) return
    waiter.asker.onDecision({ kind: 'cancelled', waitedMs: this.#depart(waiter) })
    // Whoever moves up may lack only an environment now.
    this.#letIn()
  }

  /** Everything that is held and everyone who waits, with the limit that blocks. */
  snapshot(): GateSnapshot {
    return snapshotOf(this.#tree, this.#leaves, this.#clock.nowMs())
  }

  #join(leaf: Leaf, ask: Ask, asker: Asker): Waiter {
    const rank = rankOf(ask.priority)
    const sinceMs = this.#clock.nowMs()
    const waiter: Waiter = {
      leaf,
      rank,
      ticket: this.#tickets++,
      sinceMs,
      maxWaitMs: ask.maxWaitMs,
      deadlineMs: ask.deadlineMs,
      expiresMs: Math.min(sinceMs + ask.maxWaitMs, ask.deadlineMs),
      asker,
      list: undefined,
      previous: undefined,
      next: undefined,
    }
    const line = lineOf(waiter)
    line.blocked.push(waiter)
    leaf.waiting++
    this.#crowded.add(leaf)
    this.#open(leaf, line)
    this.#watch(waiter.expiresMs)
    return waiter
  }

  /** Takes out of the line; whoever calls this tells the asker next, in the same step. */
  #depart(waiter: Waiter): number {
    const { leaf, rank } = waiter
    const { ready, blocked } = lineOf(waiter)
    if (ready.remove(waiter)) promise(leaf.node, rank, -1)
    else blocked.remove(waiter)
    leaf.waiting--
    if (leaf.waiting === 0) this.#crowded.delete(leaf)
    return this.#clock.nowMs() - waiter.sinceMs
  }

  #admit(leaf: Leaf, waitedMs: number): Permit {
    admit(leaf.node)
    return new HeldPermit(leaf.node, waitedMs, this.#onRelease)
  }

  /** Hands out what is free, first in line first, until nobody who waits could run. */
  #letIn(): void {
    for (let next = this.#nextFitting(); next !== undefined; next = this.#nextFitting()) {
      const waitedMs = this.#depart(next)
      next.asker.onDecision({ kind: 'permit', permit: this.#admit(next.leaf, waitedMs) })
    }
    for (const leaf of this.#crowded) this.#reassess(leaf)
  }

  #nextFitting(): Waiter | undefined {
    let first: Waiter | undefined
    for (const leaf of this.#crowded) {
      if (!fits(leaf)) continue
      const head = headOf(leaf)
      if (head !== undefined && (first === undefined || goesBefore(head, first))) first = head
    }
    return first
  }

  /**
   * Says anew what those in a leaf's lines wait for. A limit that opens turns the wait into one for
   * an environment, which `maxWaitMs` does not bound; a limit that closes starts that bound.
   */
  #reassess(leaf: Leaf): void {
    const closed = blockedBy(leaf.node, NOBODY) !== undefined
    for (const line of leaf.lines) {
      if (closed) this.#close(leaf, line)
      this.#open(leaf, line)
    }
  }

  #open(leaf: Leaf, { ready, blocked }: Line): void {
    for (const waiter of blocked) {
      if (blockedBy(leaf.node, waiter.rank) !== undefined) return
      blocked.remove(waiter)
      ready.push(waiter)
      waiter.expiresMs = waiter.deadlineMs
      promise(leaf.node, waiter.rank, 1)
      this.#onEnvironmentWanted(leaf.node.name)
    }
  }

  #close(leaf: Leaf, { ready, blocked }: Line): void {
    if (ready.size === 0) return
    const younger = [...blocked]
    for (const waiter of younger) blocked.remove(waiter)
    for (const waiter of ready) {
      waiter.expiresMs = Math.min(this.#clock.nowMs() + waiter.maxWaitMs, waiter.deadlineMs)
      promise(leaf.node, waiter.rank, -1)
      ready.remove(waiter)
      blocked.push(waiter)
      this.#watch(waiter.expiresMs)
    }
    for (const waiter of younger) blocked.push(waiter)
  }

  /** One alarm serves all who wait: it is set to the earliest expiry and looked at again then. */
  #watch(expiresMs: number): void {
    if (expiresMs === Infinity || (this.#alarm !== undefined && this.#alarm.atMs <= expiresMs))
      return
    this.#alarm?.timer[Symbol.dispose]()
    const delayMs = expiresMs - this.#clock.nowMs()
    const timer = this.#clock.after(delayMs, () => {
      this.#alarm = undefined
      this.#expire()
    })
    this.#alarm = { atMs: expiresMs, timer }
  }

  #expire(): void {
    const nowMs = this.#clock.nowMs()
    let earliestMs = Infinity
    for (const leaf of this.#crowded) {
      for (const waiter of everyone(leaf)) {
        if (waiter.expiresMs <= nowMs) this.#turnAway(waiter)
        else earliestMs = Math.min(earliestMs, waiter.expiresMs)
      }
    }
    this.#watch(earliestMs)
    this.#letIn()
  }

  #turnAway(waiter: Waiter): void {
    const blocker = blockedBy(waiter.leaf.node, waiter.rank)
    const wasReady = waiter.list === lineOf(waiter).ready
    const waitedMs = this.#depart(waiter)
    waiter.asker.onDecision(
      wasReady || blocker === undefined
        ? { kind: 'late', waitedMs }
        : { kind: 'throttle', blocked: blockedAt(blocker, waitedMs) },
    )
  }

  #syncLeaves(): void {
    for (const [name, node] of this.#tree.functions) {
      if (!this.#leaves.has(name)) this.#leaves.set(name, createLeaf(node))
    }
    for (const [name, leaf] of this.#leaves) {
      if (Object.hasOwn(this.#config.functions, name)) continue
      for (const waiter of everyone(leaf)) {
        waiter.asker.onDecision({ kind: 'gone', waitedMs: this.#depart(waiter) })
      }
      this.#leaves.delete(name)
    }
  }
}

class HeldPermit implements Permit {
  readonly functionName: string
  readonly waitedMs: number
  readonly #node: LimitNode
  readonly #onRelease: () => void
  #held = true

  constructor(node: LimitNode, waitedMs: number, onRelease: () => void) {
    this.functionName = node.name
    this.waitedMs = waitedMs
    this.#node = node
    this.#onRelease = onRelease
  }

  release(): void {
    assert(this.#held, `a permit of ${this.functionName} was released twice`)
    this.#held = false
    discharge(this.#node)
    this.#onRelease()
  }
}

/** Whether one more invocation of the leaf could run now: limits and an environment. */
function fits({ node, slots }: Leaf): boolean {
  return node.inUse < slots && blockedBy(node, NOBODY) === undefined
}

function lineOf({ leaf, rank }: Waiter): Line {
  const line = leaf.lines[rank]
  assert(line !== undefined, 'every priority has a line')
  return line
}

function blockedAt({ scope, name, max, inUse }: LimitNode, waitedMs: number): Blocked {
  return { scope, name, max, inUse, waitedMs }
}
