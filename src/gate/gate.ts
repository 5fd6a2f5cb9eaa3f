import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import type { LimitsConfig } from '../model/limits.ts'
import type { Ask, Asker, Decision } from './ask.ts'
import { configureLimits, createLimits, type Limits } from './configure.ts'
import { dropIdle, functionOf, leafFor } from './branches.ts'
import {
  NOBODY_WANTED,
  promisedInVain,
  useOf,
  wantedOf,
  type LimitUse,
  type LimitUseScope,
  type Wanted,
} from './demand.ts'
import { Expiries } from './expiry.ts'
import { callersHold, HeldPermit } from './held.ts'
import { List } from './list.ts'
import {
  aheadAt,
  countWaiting,
  enqueue,
  everyoneBelow,
  letFirstIn,
  rankOf,
  reorder,
  setPromised,
  standingOf,
  surface,
  totalPromised,
  totalWaiting,
  type Rank,
  type Standing,
  type Waiter,
} from './line.ts'
import { nextInLine, noteFreed, type Order } from './order.ts'
import { createRates, type Rates } from './rates.ts'
import { isHopeless, isOverlong, refusalOf } from './refusal.ts'
import { snapshotOf, type GateSnapshot } from './snapshot.ts'
import {
  admit,
  blockerOf,
  discharge,
  fits,
  isOff,
  UNLIMITED,
  type Blocker,
  type LimitNode,
} from './tree.ts'

/** A place in line, to be given up by `Gate.cancel`. */
export type Waiting = Waiter

export interface GateOptions {
  readonly clock: Clock
  /** Someone in line of a function wants nothing but an environment: the pool may start one. */
  readonly onEnvironmentWanted?: (functionName: string) => void
}

/** A nested call waits no longer than this for a limit that its own caller holds a slot of. */
const NESTED_WAIT_MS = 1000
/** At least so many may be in line. */
const FUNCTION_QUEUE_MIN = 100
const ACCOUNT_QUEUE_MIN = 1000

/**
 * Decides which invocation may run now, which waits and which is throttled.
 *
 * There is one line. An invocation runs when its limits have room *and* an environment of its
 * function has a free slot; both are taken in one step, so that nothing is held by those who wait,
 * and priority and fairness decide over both. A freed slot is handed to the next in line inside the
 * release, before anyone else can see it, and a newcomer goes past nobody who waits for the same:
 * nobody barges. `maxWaitMs` bounds the wait for limits; the wait for an environment alone is bounded
 * by the deadline. Everything is synchronous and takes time from `Clock`: the simulator drives this
 * very code.
 */
export class Gate {
  readonly #clock: Clock
  readonly #limits: Limits
  readonly #order: Order
  readonly #expiries: Expiries
  readonly #held = new List<HeldPermit>()
  readonly #onEnvironmentWanted: (functionName: string) => void
  /** Functions to be named to the pool once everything is decided. */
  readonly #wanting = new Set<LimitNode>()
  /** Functions in which a slot was freed: who still waits there now waits for a limit. */
  readonly #freed = new Set<LimitNode>()
  readonly #onRelease = (permit: HeldPermit): void => this.#release(permit)
  readonly #rates: Rates
  #tickets = 0
  /** Read once for each call from outside: the clock costs as much as a decision. */
  #nowMs: number
  #inLine = 0
  #isServing = false

  constructor(config: LimitsConfig, options: GateOptions) {
    this.#clock = options.clock
    this.#nowMs = options.clock.nowMs()
    this.#onEnvironmentWanted = options.onEnvironmentWanted ?? ((): void => {})
    this.#limits = createLimits(config)
    this.#order = {
      account: this.#limits.account,
      opened: new Set(),
      onNoSlot: (fn) => void this.#wanting.add(fn),
    }
    this.#rates = createRates(() => this.config, this.#clock)
    this.#expiries = new Expiries(
      this.#clock,
      (waiter) => {
        this.#nowMs = this.#clock.nowMs()
        this.#expire(waiter)
      },
      () => this.#serve(),
    )
  }

  get config(): LimitsConfig {
    return this.#limits.config
  }

  /**
   * Takes effect at once, on those in line too. Lowering a limit below what runs stops nothing: it
   * lets no more in until enough has drained. The caller has checked the sums (`checkLimits`).
   */
  configure(config: LimitsConfig): void {
    this.#nowMs = this.#clock.nowMs()
    const gone = this.#takeOut(config)
    for (const fn of configureLimits(this.#limits, config)) this.#sortIntoBranches(fn)
    for (const tag of this.#limits.tags.values()) this.#order.opened.add(tag)
    this.#serve()
    for (const [waiter, waitedMs] of gone) tell(waiter, { kind: 'gone', waitedMs })
    for (const fn of this.#limits.functions.values()) this.#lookAgain(fn)
  }

  /** Says how many invocations the ready environments of a function can take together. */
  setSlots(functionName: string, slots: number): void {
    const { functions, leaving } = this.#limits
    const fn = functions.get(functionName) ?? leaving.get(functionName)
    if (fn === undefined) return
    const more = slots > fn.slots
    fn.slots = Math.min(slots, UNLIMITED)
    if (!more || totalWaiting(fn) === 0) return
    this.#nowMs = this.#clock.nowMs()
    surface(fn)
    this.#noteFreed(fn)
    this.#serve()
  }

  /** Who waits for environments of a function: what its pool is to know. */
  wanted(functionName: string): Wanted {
    const fn = this.#limits.functions.get(functionName)
    return fn === undefined ? NOBODY_WANTED : wantedOf(fn, this.#clock.nowMs())
  }

  /** What of a limit is in use, and how much more that is than allowed; undefined where there is none. */
  useOf(scope: LimitUseScope, name: string): LimitUse | undefined {
    return useOf(this.#limits, scope, name)
  }

  /**
   * Whether an environment of a function may be started now. In mode `aws` its scaling rate bounds
   * that: 1,000 in ten seconds ("Lambda scaling behavior"). What it says yes to, it has counted.
   */
  mayStartEnvironment(functionName: string): boolean {
    return this.config.mode !== 'aws' || this.#rates.takeStart(functionName)
  }

  /**
   * Asks to run. The asker is told exactly once: before this returns where the answer is known now
   * (then there is nothing to cancel), else when it leaves the line. No closure is made on the way:
   * those of one request kept the next one's alive, and with it all that came after.
   */
  acquire(ask: Ask, asker: Asker): Waiting | undefined {
    const fn = this.#limits.functions.get(ask.functionName)
    if (fn === undefined) {
      asker.onDecision({ kind: 'gone', waitedMs: 0 })
      return undefined
    }
    this.#nowMs = this.#clock.nowMs()
    const leaf = leafFor(this.#limits.spares, fn, ask)
    const rank = this.#rankOf(ask)
    // Nobody in line could run now, so whoever can goes past nobody; but inside a hand-over the others
    // are still being served, and a newcomer comes after them.
    if (!this.#isServing && this.#mayEnter(leaf, rank)) {
      asker.onDecision(this.#letIn(fn, leaf, ask))
      return undefined
    }
    if (this.#isServing) this.#noteFreed(fn)
    const waiter = this.#askToWait(fn, leaf, ask, asker)
    if (waiter === undefined && leaf !== fn) dropIdle(this.#limits.spares, leaf)
    return waiter
  }

  /** Takes someone out of the line, who is told `cancelled`. Nothing happens to who has left. */
  cancel(waiter: Waiting): void {
    if (waiter.list === undefined) return
    this.#nowMs = this.#clock.nowMs()
    const waitedMs = this.#depart(waiter)
    tell(waiter, { kind: 'cancelled', waitedMs })
  }

  /** Everything that is held and everyone who waits: by whom, for how long, and because of what. */
  snapshot(): GateSnapshot {
    return snapshotOf(this.#limits, this.#held, this.#clock.nowMs())
  }

  /** On Lambda there are no priorities. */
  #rankOf(ask: Ask): Rank {
    return this.config.mode === 'aws' ? 0 : rankOf(ask)
  }

  /** On Lambda those whose environment is being started are in already: nobody takes their room. */
  #mayEnter(leaf: LimitNode, rank: Rank): boolean {
    if (!fits(leaf, rank)) return false
    return this.config.mode !== 'aws' || blockerOf(leaf, rank, true) === undefined
  }

  #letIn(fn: LimitNode, leaf: LimitNode, ask: Ask): Decision {
    const limit = this.#rateLimit(fn)
    if (limit !== undefined) {
      if (leaf !== fn) dropIdle(this.#limits.spares, leaf)
      return this.#refuse(fn, { limit, why: 'rate' }, 0, 0)
    }
    admit(leaf)
    const permit = this.#permit(leaf, ask, 0)
    // Only where somebody waits is there an order to keep.
    if (this.#inLine > 0) reorder(leaf)
    return { kind: 'permit', permit }
  }

  /** @returns The place in line, unless the asker has been told already. */
  #askToWait(fn: LimitNode, leaf: LimitNode, ask: Ask, asker: Asker): Waiter | undefined {
    const own = this.#rankOf(ask)
    const blocker = blockerOf(leaf, own, true)
    const nested = blocker !== undefined && this.#isNested(ask, blocker)
    const rank = (nested ? Math.max(0, own - 1) : own) as Rank
    const maxWaitMs = nested ? Math.min(ask.maxWaitMs, NESTED_WAIT_MS) : ask.maxWaitMs
    const remainingMs = Math.min(maxWaitMs, ask.deadlineMs - this.#nowMs)
    if (
      blocker !== undefined &&
      isHopeless(blocker.limit, aheadAt(blocker.limit, rank), remainingMs)
    ) {
      const why = nested ? 'nested' : blocker.why
      asker.onDecision(this.#refuse(fn, { ...blocker, why }, rank, 0))
      return undefined
    }
    const overlong = this.#overlong(fn, rank, blocker)
    if (overlong !== undefined) {
      asker.onDecision(this.#refuse(fn, overlong, rank, 0))
      return undefined
    }
    const waiter = this.#join(leaf, ask, asker, { rank, maxWaitMs, nested })
    setPromised(waiter, blocker === undefined)
    this.#watch(waiter)
    if (fn.inUse < fn.slots) this.#serve()
    else if (blocker === undefined) this.#onEnvironmentWanted(fn.name)
    return waiter.list === undefined ? undefined : waiter
  }

  #join(
    leaf: LimitNode,
    ask: Ask,
    asker: Asker,
    how: { readonly rank: Rank; readonly maxWaitMs: number; readonly nested: boolean },
  ): Waiter {
    const waiter: Waiter = {
      ask,
      asker,
      leaf,
      rank: how.rank,
      ticket: this.#tickets++,
      sinceMs: this.#nowMs,
      maxWaitMs: how.maxWaitMs,
      expiresMs: Infinity,
      promised: false,
      claims: 0,
      nested: how.nested,
      list: undefined,
      previous: undefined,
      next: undefined,
    }
    const isFirst = enqueue(waiter)
    countWaiting(leaf, how.rank, 1)
    this.#inLine++
    if (isFirst) surface(leaf)
    return waiter
  }

  /** Looks at it again when a wait for limits, or its caller's patience, is over. */
  #watch(waiter: Waiter): void {
    const { deadlineMs } = waiter.ask
    const boundMs = waiter.promised ? Infinity : this.#nowMs + waiter.maxWaitMs
    waiter.expiresMs = Math.min(boundMs, deadlineMs)
    this.#expiries.watch(waiter)
  }

  #expire(waiter: Waiter): void {
    const { leaf, ask, rank } = waiter
    const blocker = blockerOf(leaf, rank, false)
    if (blocker === undefined && this.#nowMs < ask.deadlineMs) {
      // The limits have room: from now on it waits for an environment, which `maxWaitMs` does not bound.
      setPromised(waiter, true)
      this.#watch(waiter)
      this.#wanting.add(functionOf(leaf))
      return
    }
    const waitedMs = this.#depart(waiter)
    if (blocker === undefined) return tell(waiter, { kind: 'late', waitedMs })
    const why = waiter.nested ? 'nested' : blocker.why
    tell(waiter, this.#refuse(functionOf(leaf), { ...blocker, why }, rank, waitedMs))
  }

  /**
   * Those who waited for an environment now find a limit in their way, because there is one or others
   * took the room: `maxWaitMs` begins.
   */
  #startBounds(fn: LimitNode): void {
    if (totalPromised(fn) === 0) return
    for (const waiter of promisedInVain(fn)) {
      if (waiter.list === undefined) continue
      this.#expiries.forget(waiter)
      setPromised(waiter, false)
      if (waiter.maxWaitMs === 0) this.#expire(waiter)
      else this.#watch(waiter)
    }
  }

  /** After limits were changed: whether those in line still may wait, and what for. */
  #lookAgain(fn: LimitNode): void {
    if (totalWaiting(fn) === 0) return
    this.#startBounds(fn)
    const isAws = this.config.mode === 'aws'
    if (!isAws && !isOff(fn)) return
    const blocked = [...everyoneBelow(fn)].filter(({ promised }) => !promised)
    for (const waiter of blocked) {
      if (waiter.list === undefined) continue
      this.#expiries.forget(waiter)
      this.#expire(waiter)
    }
  }

  /** Takes out of the line; whoever calls this tells the asker next, in the same step. */
  #depart(waiter: Waiter): number {
    const waitedMs = this.#leave(waiter)
    // Not `reorder`: one that waits at a tag must not stay there when nobody is behind it.
    surface(waiter.leaf)
    if (waiter.leaf.scope !== 'function') dropIdle(this.#limits.spares, waiter.leaf)
    return waitedMs
  }

  #leave(waiter: Waiter): number {
    const { leaf, rank } = waiter
    setPromised(waiter, false)
    this.#expiries.forget(waiter)
    standingOf(leaf, rank).queue.remove(waiter)
    countWaiting(leaf, rank, -1)
    this.#inLine--
    return this.#nowMs - waiter.sinceMs
  }

  #permit(leaf: LimitNode, ask: Ask, waitedMs: number): HeldPermit {
    const times = { sinceMs: this.#nowMs, waitedMs }
    const permit = new HeldPermit(leaf, ask, times, this.#onRelease)
    this.#held.push(permit)
    return permit
  }

  #release(permit: HeldPermit): void {
    const { leaf, sinceMs } = permit
    this.#nowMs = this.#clock.nowMs()
    this.#held.remove(permit)
    discharge(leaf, this.#nowMs - sinceMs)
    if (this.#inLine > 0) {
      noteFreed(this.#order, leaf)
      surface(leaf)
      this.#noteFreed(functionOf(leaf))
      this.#serve()
    }
    if (leaf.scope !== 'function') dropIdle(this.#limits.spares, leaf)
  }

  /** Those who are left of its promised ones are looked at once everything is handed out. */
  #noteFreed(fn: LimitNode): void {
    // Nearly always there are none; an entry in a Set for every release would be dear.
    if (this.#isServing || totalPromised(fn) > 0) this.#freed.add(fn)
  }

  /** Hands out what is free, first in line first, until nobody who waits could run. */
  #serve(): void {
    if (this.#isServing) return
    this.#isServing = true
    try {
      const { account } = this.#limits
      while (account.inUse < account.max) {
        const next = nextInLine(this.#order)
        if (next === undefined) break
        this.#handOver(next)
      }
    } finally {
      this.#isServing = false
    }
    if (this.#freed.size > 0) drain(this.#freed, (fn) => this.#startBounds(fn))
    if (this.#wanting.size > 0) drain(this.#wanting, ({ name }) => this.#onEnvironmentWanted(name))
  }

  #handOver(standing: Standing): void {
    const { node: leaf, rank, queue } = standing
    const waiter = queue.first
    assert(waiter !== undefined, 'whoever is next is in line')
    const fn = functionOf(leaf)
    const limit = this.#rateLimit(fn)
    if (limit !== undefined) {
      const waitedMs = this.#depart(waiter)
      return tell(waiter, this.#refuse(fn, { limit, why: 'rate' }, rank, waitedMs))
    }
    setPromised(waiter, false)
    this.#expiries.forget(waiter)
    queue.remove(waiter)
    this.#inLine--
    letFirstIn(standing)
    const permit = this.#permit(leaf, waiter.ask, this.#nowMs - waiter.sinceMs)
    tell(waiter, { kind: 'permit', permit })
  }

  /** The limit whose requests per second are used up. */
  #rateLimit(fn: LimitNode): LimitNode | undefined {
    if (this.config.mode !== 'aws') return undefined
    return this.#rates.refuse(fn, this.#limits.account)
  }

  #refuse(fn: LimitNode, blocker: Blocker, rank: Rank, waitedMs: number): Decision {
    const blocked = refusalOf(blocker, waitedMs, aheadAt(blocker.limit, rank))
    const lastMs = this.#nowMs
    fn.refusals = { count: (fn.refusals?.count ?? 0) + 1, last: blocked, lastMs }
    return { kind: 'throttle', blocked }
  }

  /**
   * The lines of a function and of the account have an end. Those of a lower priority do not count,
   * who come after; nor does the account's line for those whom no limit keeps out.
   */
  #overlong(fn: LimitNode, rank: Rank, blocker: Blocker | undefined): Blocker | undefined {
    const { account } = this.#limits
    if (isOverlong(fn, aheadAt(fn, rank), FUNCTION_QUEUE_MIN)) return { limit: fn, why: 'queue' }
    if (blocker === undefined) return undefined
    if (!isOverlong(account, aheadAt(account, rank), ACCOUNT_QUEUE_MIN)) return undefined
    return { limit: account, why: 'queue' }
  }

  #isNested({ caller }: Ask, { limit }: Blocker): boolean {
    return caller !== undefined && callersHold(this.#held, limit, caller)
  }

  /** Takes out of the line who waits for functions that are configured no more, and how long each did. */
  #takeOut(config: LimitsConfig): [Waiter, number][] {
    const gone: [Waiter, number][] = []
    for (const [name, fn] of this.#limits.functions) {
      if (Object.hasOwn(config.functions, name)) continue
      for (const waiter of everyoneBelow(fn)) gone.push([waiter, this.#depart(waiter)])
    }
    return gone
  }

  /** Those in line for a function stand where they would if they came now, in order of arrival. */
  #sortIntoBranches(fn: LimitNode): void {
    if (fn.branches === undefined) return
    const waiters = [...everyoneBelow(fn)].toSorted((a, b) => a.ticket - b.ticket)
    const promised = waiters.filter((waiter) => waiter.promised)
    for (const waiter of promised) setPromised(waiter, false)
    for (const waiter of waiters) {
      waiter.list?.remove(waiter)
      countWaiting(waiter.leaf, waiter.rank, -1)
      surface(waiter.leaf)
      if (waiter.leaf !== fn) dropIdle(this.#limits.spares, waiter.leaf)
    }
    for (const waiter of waiters) {
      waiter.leaf = leafFor(this.#limits.spares, fn, waiter.ask)
      enqueue(waiter)
      countWaiting(waiter.leaf, waiter.rank, 1)
      surface(waiter.leaf)
    }
    for (const waiter of promised) setPromised(waiter, true)
  }
}

function drain<T>(set: Set<T>, each: (value: T) => void): void {
  for (const value of set) {
    set.delete(value)
    each(value)
  }
}

function tell(waiter: Waiter, decision: Decision): void {
  const { asker } = waiter
  // A place in line may be kept by whoever asked; what it led to may be collected.
  waiter.asker = undefined
  asker?.onDecision(decision)
}
