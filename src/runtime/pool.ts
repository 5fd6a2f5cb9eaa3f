import { availableParallelism } from 'node:os'
import type { Clock } from '../lib/clock.ts'
import type { FunctionDefinition } from '../model/app.ts'
import { concurrencyOf, type EnvironmentCommand } from './command.ts'
import { startEnvironment, type Environment, type EnvironmentEvents } from './environment.ts'
import { createEstimate } from './estimate.ts'
import { FailedInits, type Failing } from './failed-inits.ts'
import { createKeepWarm, type KeepWarm } from './keep-warm.ts'
import type { Machine, MachineUser } from './machine.ts'
import type { GoneReason, PoolEvent, Wanted, Warmth } from './pool-words.ts'
import { spawnFailure } from './not-started.ts'
import type { Spares } from './spares.ts'
import { isStartWorthIt } from './start-decision.ts'
import type { InitFailure, UnservedReason, Work } from './work.ts'

export interface PoolOptions {
  readonly fn: FunctionDefinition
  readonly clock: Clock
  readonly machine: Machine
  readonly spares: Pick<Spares, 'take' | 'want'>
  /** Made anew for each environment. */
  readonly command: (fn: FunctionDefinition) => EnvironmentCommand
  /** Tells the gate how many invocations the ready environments can take together. */
  readonly publishSlots: (slots: number) => void
  /** Asks the gate who waits for an environment and nothing else. */
  readonly wanted: () => Wanted
  /** Asks whether one more may be started: in mode `aws` a rate bounds that, and counts each yes. */
  readonly mayStart: () => boolean
  readonly onEvent: (event: PoolEvent) => void
  readonly idleTimeoutMs?: number
}

/** The environments of one function: where a permit becomes a running handler. */
export interface Pool extends MachineUser {
  /**
   * Hands work to a warm environment. The caller holds a permit, so there is a free one; where that
   * died under it, or has stalled, the work gets the next that is free, ahead of everyone in the gate.
   */
  run(work: Work): void
  /**
   * Has environments for at least this many invocations at once from now on: started ahead of demand, never idle for too
   * long, replaced when they end. Default 0.
   */
  keepWarm(count: number): void
  warmth(): Warmth
  /** Ends every environment once it is idle, and has what comes done by new ones. */
  renew(fn: FunctionDefinition): void
  /** Takes no more work; resolves when the last environment is gone. See `Environment.retire`. */
  close(graceMs?: number): Promise<void>
  /** Asks every process to end, and ends it `graceMs` later. */
  terminate(graceMs: number): void
  /** Ends every process now. */
  kill(): void
  counts(): { readonly idle: number; readonly busy: number; readonly starting: number }
}

const IDLE_TIMEOUT_MS = 10 * 60_000
/** Lambda's bound for the init phase. */
export const INIT_TIMEOUT_MS = 10_000
/** How often those who wait are looked at again: an invocation that drags on speaks for a start. */
const RECONSIDER_MS = 20
/** A handler shorter than this computes and does not wait: more at once than cores gain nothing. */
const BRIEF_MS = 2
/** How many brief invocations one environment is handed at once. It runs them one at a time. */
const BRIEF_DEPTH = 16
/** Asked once: the answer is read from the kernel and its control groups. */
const CORES = availableParallelism()
const PROBE_AGAIN_MS = 1000
/** A handler that ends its process soon after each start must not keep the machine busy starting. */
const WARM_REST_MS = 1000
/** The slots of a function that cannot run: everyone is let in, and told so. */
export const EVERYONE = 1_000_000

const NO_REASON = { code: null, signal: null, outOfMemory: false, brokeProtocol: false }
export const LATE = 'no execution environment was free in time'
const GONE = 'the function went away while it waited'

export function createPool(options: PoolOptions): Pool {
  return new EnvironmentPool(options)
}

class EnvironmentPool implements Pool {
  readonly #options: PoolOptions
  readonly #clock: Clock
  readonly #events: EnvironmentEvents
  #fn: FunctionDefinition
  readonly #starting = new Set<Environment>()
  /** Ready, and takes work. */
  readonly #ready = new Set<Environment>()
  /** Of those, the free ones. Last in, first out: few stay warm and the rest expires. */
  #idle: Environment[] = []
  /** Take no more, and are not done with what they have: its permits are held. */
  readonly #leaving = new Set<Environment>()
  /** Every process that is not gone, with what its end will be put down to. */
  readonly #alive = new Map<Environment, GoneReason>()
  /** Let in, and without an environment: one died under it, or took more time than others have. */
  readonly #stranded = new Map<Work, Disposable>()
  readonly #durations = createEstimate()
  readonly #inits = createEstimate()
  readonly #warm: KeepWarm
  #published = 0
  readonly #failed: FailedInits
  #reconsidering: Disposable | undefined
  #expiring: Disposable | undefined
  #onClosed: (() => void) | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#fn = options.fn
    this.#clock = options.clock
    this.#failed = new FailedInits(options.clock)
    this.#warm = createKeepWarm(options.clock, () => this.#onRested())
    this.#events = {
      onReady: (environment) => this.#onReady(environment),
      onRoom: (environment, durationMs) => this.#onRoom(environment, durationMs),
      onLeaving: (environment) => this.#drop(environment),
      onGone: (environment, failure) => this.#onGone(environment, failure),
      onReturned: (work) => this.run(work),
      onLog: (text) => options.onEvent({ kind: 'log', text }),
      onLateResult: () => options.onEvent({ kind: 'late_result' }),
    }
  }

  run(work: Work): void {
    if (this.#failed.failing !== undefined) return this.#refuse(work, this.#failed.failing)
    this.#place(work)
  }

  keepWarm(count: number): void {
    const environments = Math.ceil(count / concurrencyOf(this.#fn))
    if (environments === this.#warm.count) return
    this.#warm.count = environments
    if (this.#failed.failing !== undefined && environments > 0) this.#onRested()
    this.reconsider()
  }

  warmth(): Warmth {
    return { ready: this.#ready.size, failing: this.#failed.failing !== undefined }
  }

  renew(fn: FunctionDefinition): void {
    this.#fn = fn
    this.#retireAll()
    this.#warm.stopResting()
    this.reconsider()
  }

  async close(graceMs?: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onClosed = resolve
    this.#expiring?.[Symbol.dispose]()
    this.#reconsidering?.[Symbol.dispose]()
    this.#warm.stopResting()
    this.#retireAll(graceMs)
    for (const work of this.#stranded.keys()) this.#giveUp(work, 'gone', GONE)
    if (this.#alive.size === 0) resolve()
    await promise
  }

  terminate(graceMs: number): void {
    for (const environment of this.#alive.keys()) environment.terminate(graceMs)
  }

  kill(): void {
    for (const environment of this.#alive.keys()) environment.kill()
  }

  counts(): { idle: number; busy: number; starting: number } {
    const idle = this.#idle.length
    return { idle, busy: this.#ready.size - idle, starting: this.#starting.size }
  }

  keptWarm(): number {
    return Math.min(this.#warm.count, this.#ready.size + this.#starting.size)
  }

  oldestIdleMs(): number | undefined {
    if (this.#ready.size <= this.#warm.count) return undefined
    return this.#idle[0]?.idleSinceMs
  }

  evictOldestIdle(): void {
    const [oldest] = this.#idle
    if (oldest === undefined) return
    this.#drop(oldest)
    this.#alive.set(oldest, 'idle')
    oldest.retire()
  }

  /** Starts environments while that is worth it. Called whenever someone waits, or something changed. */
  reconsider(): void {
    if (this.#onClosed !== undefined || this.#failed.failing !== undefined) return
    this.#startAhead()
    const { count, waiting: inLine, oldestMs } = this.#options.wanted()
    const waiting = count + this.#stranded.size
    const expected = (): number => this.#starting.size * concurrencyOf(this.#fn)
    while (
      waiting > expected() &&
      !this.#failed.mustRest &&
      this.#isStartWorthIt(waiting, oldestMs)
    ) {
      // In this order: the gate counts what it says yes to, and the machine's place can be given back.
      if (!this.#options.machine.claimStart(this)) break
      if (!this.#options.mayStart()) {
        this.#options.machine.unclaim()
        break
      }
      const before = this.#starting.size
      this.#start()
      if (this.#starting.size === before) break
    }
    if (waiting + inLine === 0 || this.#reconsidering !== undefined) return
    this.#reconsidering = this.#clock.after(RECONSIDER_MS, () => {
      this.#reconsidering = undefined
      this.reconsider()
    })
  }

  #startAhead(): void {
    if (this.#failed.mustRest) return this.#warm.rest(PROBE_AGAIN_MS)
    while (this.#warm.missing(this.#ready.size + this.#starting.size) > 0) {
      if (!this.#options.machine.claimStart(this, 'ahead')) return
      const before = this.#starting.size
      this.#start()
      // It could not be started at all, and whoever was to be told knows.
      if (this.#starting.size === before) return
    }
  }

  #onRested(): void {
    if (this.#failed.failing === undefined) return this.reconsider()
    if (this.#warm.count === 0) return
    const earlyMs = this.#failed.failing.probeAtMs - this.#clock.nowMs()
    if (earlyMs > 0) return this.#warm.rest(earlyMs)
    this.#probe()
    if (this.#starting.size === 0) this.#warm.rest(PROBE_AGAIN_MS)
  }

  #isStartWorthIt(waiting: number, oldestMs: number): boolean {
    const isBrief = this.#isBrief()
    const concurrency = concurrencyOf(this.#fn)
    const ready = isBrief || concurrency > 1 ? this.#responsive() : this.#ready.size
    return isStartWorthIt({
      waiting,
      oldestMs,
      environments: ready + this.#starting.size,
      usefulMax: isBrief ? CORES : Infinity,
      concurrency,
      hasReady: this.#ready.size > 0,
      longestBusyMs: this.#longestBusyMs(),
      durationMs: this.#durations.mean,
      initMs: this.#inits.mean,
    })
  }

  /**
   * Brief handlers are packed on few environments, and delivered ahead: each switch from one process
   * to another costs more than they do, and cold caches besides (`bench/README.md`).
   */
  #isBrief(): boolean {
    const meanMs = this.#durations.mean
    return meanMs !== undefined && meanMs < BRIEF_MS
  }

  /** Ready, and not held up by an invocation that drags on. */
  #responsive(): number {
    let count = 0
    for (const { stalled } of this.#ready) if (!stalled) count++
    return count
  }

  #longestBusyMs(): number {
    let since = Infinity
    for (const environment of this.#ready) {
      if (environment.load > 0) since = Math.min(since, environment.busySinceMs)
    }
    return since === Infinity ? 0 : this.#clock.nowMs() - since
  }

  #start(): void {
    try {
      const command = this.#options.command(this.#fn)
      const environment = startEnvironment({
        command,
        spare: this.#options.spares.take(command),
        timeoutMs: this.#fn.timeoutMs,
        initTimeoutMs: INIT_TIMEOUT_MS,
        concurrency: concurrencyOf(this.#fn),
        clock: this.#clock,
        events: this.#events,
      })
      this.#starting.add(environment)
      this.#alive.set(environment, 'died')
    } catch (error) {
      const notStarted = spawnFailure((error as Error).message)
      this.#onFailedInit({ notStarted, timedOut: false, reason: NO_REASON }, 0)
      this.#options.machine.endStart()
      this.#options.machine.release()
    }
  }

  #onReady(environment: Environment): void {
    if (!this.#starting.delete(environment)) return
    this.#inits.add(environment.initMs)
    this.#failed.clear()
    this.#ready.add(environment)
    this.#options.onEvent({ kind: 'ready', initMs: environment.initMs })
    this.#offer(environment)
    this.#publish()
    // Last: the machine may wake this very pool, which must know what it has.
    this.#options.machine.endStart()
    this.#options.spares.want(this.#options.command(this.#fn))
    this.reconsider()
  }

  /** The handler's own time counts: what the server takes would not be less with more environments. */
  #onRoom(environment: Environment, durationMs: number | undefined): void {
    if (durationMs !== undefined) this.#durations.add(durationMs)
    if (this.#ready.has(environment)) this.#offer(environment)
    if (this.#slots() !== this.#published) this.#publish()
  }

  #offer(environment: Environment): void {
    if (environment.load === 0) {
      this.#idle.push(environment)
      this.#expireIdle()
    }
    for (const work of this.#stranded.keys()) {
      if (!this.#tryPlace(work)) return
      this.#rescue(work)
    }
  }

  /** A permit comes with an environment's slot; but who runs there may just have stalled. */
  #place(work: Work): void {
    if (this.#onClosed !== undefined) return this.#giveUp(work, 'gone', GONE)
    if (this.#tryPlace(work)) return
    const remainingMs = work.deadlineMs - this.#clock.nowMs()
    const late = this.#clock.after(remainingMs, () => this.#giveUp(work, 'deadline', LATE))
    this.#stranded.set(work, late)
    this.reconsider()
  }

  #rescue(work: Work): void {
    this.#stranded.get(work)?.[Symbol.dispose]()
    this.#stranded.delete(work)
  }

  #giveUp(work: Work, why: UnservedReason, message: string): void {
    this.#rescue(work)
    work.onEnd({ kind: 'unserved', why, message })
  }

  #tryPlace(work: Work): boolean {
    const environment = this.#withRoom()
    environment?.dispatch(work)
    return environment !== undefined
  }

  #withRoom(): Environment | undefined {
    if (concurrencyOf(this.#fn) > 1) return this.#firstWithRoom()
    return this.#isBrief() ? this.#leastLoaded() : this.#idle.pop()
  }

  /** Packed: those that come last stay idle, and expire. */
  #firstWithRoom(): Environment | undefined {
    for (const environment of this.#ready) {
      if (environment.stalled || environment.load >= environment.concurrency) continue
      this.#takeFromIdle(environment)
      return environment
    }
    return undefined
  }

  #takeFromIdle(environment: Environment): void {
    if (environment.load === 0) this.#idle.splice(this.#idle.indexOf(environment), 1)
  }

  /** Of the few that are of use to a brief handler. */
  #leastLoaded(): Environment | undefined {
    let least: Environment | undefined
    let useful = 0
    for (const environment of this.#ready) {
      if (environment.stalled) continue
      if (environment.load < (least?.load ?? BRIEF_DEPTH)) least = environment
      if (++useful === CORES) break
    }
    if (least !== undefined) this.#takeFromIdle(least)
    return least
  }

  #drop(environment: Environment): void {
    if (!this.#ready.delete(environment)) return
    this.#idle = this.#idle.filter((each) => each !== environment)
    if (environment.load > 0) this.#leaving.add(environment)
    this.#publish()
  }

  #slots(): number {
    if (this.#failed.failing !== undefined) return EVERYONE
    // The gate counts these too as long as they run; they must take no slot from the others.
    let leaving = 0
    for (const { load } of this.#leaving) leaving += load
    const each = concurrencyOf(this.#fn)
    if (each > 1) return leaving + this.#ready.size * each
    if (this.#isBrief()) return leaving + Math.min(this.#ready.size, CORES) * BRIEF_DEPTH
    return leaving + this.#ready.size
  }

  #publish(): void {
    this.#published = this.#slots()
    this.#options.publishSlots(this.#published)
  }

  #onGone(environment: Environment, failure: InitFailure | undefined): void {
    const reason = failure === undefined ? this.#alive.get(environment) : 'failed_init'
    const { killedFor } = environment
    this.#options.onEvent({ kind: 'gone', reason: reason ?? 'died', killedFor })
    this.#alive.delete(environment)
    const wasStarting = this.#starting.delete(environment)
    if (this.#leaving.delete(environment)) this.#publish()
    // Before the machine wakes anyone: that may be this pool, which must know.
    if (failure !== undefined) this.#onFailedInit(failure, environment.initMs)
    else if (reason === 'died' && this.#onClosed === undefined) this.#warm.rest(WARM_REST_MS)
    if (wasStarting) this.#options.machine.endStart()
    this.#options.machine.release()
    if (this.#alive.size === 0) this.#onClosed?.()
    this.reconsider()
  }

  #onFailedInit(failure: InitFailure, initMs: number): void {
    const isConclusive = this.#failed.add(failure)
    this.#options.onEvent({ kind: 'init_failed', failure, initMs, attempt: this.#failed.count })
    const { failing } = this.#failed
    if (!isConclusive || failing === undefined) return
    if (this.#warm.count > 0) this.#warm.rest(failing.backoffMs)
    for (const work of this.#stranded.keys()) {
      this.#rescue(work)
      this.#refuse(work, failing)
    }
    this.#publish()
  }

  #refuse(work: Work, { failure, probeAtMs }: Failing): void {
    // Later: the gate is letting everyone in, and each end would let the next one in from inside.
    const { notStarted } = failure
    queueMicrotask(() =>
      work.onEnd(
        notStarted === undefined
          ? { kind: 'failed_init', failure }
          : { kind: 'unserved', why: notStarted.why, message: notStarted.message },
      ),
    )
    if (this.#clock.nowMs() >= probeAtMs) this.#probe()
  }

  /** One start at a time finds out whether the function can be loaded now. */
  #probe(): void {
    if (this.#starting.size > 0) return
    if (this.#options.machine.claimStart(this)) this.#start()
  }

  #retireAll(graceMs?: number): void {
    const starting = [...this.#starting]
    const all = [...this.#ready, ...starting]
    for (const environment of this.#ready) if (environment.load > 0) this.#leaving.add(environment)
    this.#starting.clear()
    this.#ready.clear()
    this.#idle = []
    this.#failed.clear()
    this.#publish()
    for (const environment of all) {
      this.#alive.set(environment, 'retired')
      environment.retire(graceMs)
    }
    for (const _ of starting) this.#options.machine.endStart()
  }

  #expireIdle(): void {
    if (this.#expiring !== undefined) return
    const timeoutMs = this.#options.idleTimeoutMs ?? IDLE_TIMEOUT_MS
    const oldestMs = this.oldestIdleMs() ?? this.#clock.nowMs()
    this.#expiring = this.#clock.after(oldestMs + timeoutMs - this.#clock.nowMs(), () => {
      this.#expiring = undefined
      const expiredMs = this.#clock.nowMs() - timeoutMs
      while ((this.oldestIdleMs() ?? Infinity) <= expiredMs) this.evictOldestIdle()
      if (this.#idle.length > 0) this.#expireIdle()
    })
  }
}
