import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import type { Channel, ChannelEvents, ChannelExit } from './channel.ts'
import type { EnvironmentCommand } from './command.ts'
import { createDeliveries, type Deliveries, type Delivery } from './deliveries.ts'
import { armed, failAt } from './failpoints.ts'
import { openFramedChannel } from './framed-channel.ts'
import { hangOf, watchStart, type HangWatch } from './hang-watch.ts'
import { whyNotStarted } from './not-started.ts'
import type { KillReason } from './pool-words.ts'
import { openRuntimeApiChannel } from './runtime-api/channel.ts'
import type { Spare } from './spares.ts'
import { vitalSignsOf } from './vital-signs.ts'
import type { DeathReason, InitFailure, Measured, Work, WorkEnd } from './work.ts'

export interface EnvironmentOptions {
  readonly command: EnvironmentCommand
  /** An interpreter that was started ahead, to become this environment. */
  readonly spare?: Spare | undefined
  readonly timeoutMs: number
  readonly initTimeoutMs: number
  /** How many invocations it runs at the same time. */
  readonly concurrency: number
  readonly clock: Clock
  readonly events: EnvironmentEvents
}

/** What the pool is told. */
export interface EnvironmentEvents {
  /** The handler is loaded; from now on it takes work. */
  onReady(environment: Environment): void
  /**
   * An invocation is over, and there is room for one more, unless it takes no more. Called before the
   * work's own `onEnd`. Without a duration where it did not begin.
   */
  onRoom(environment: Environment, durationMs: number | undefined): void
  /** It takes no more work: timed out, or dead. Called before the work's own `onEnd`. */
  onLeaving(environment: Environment): void
  /** Its process is gone; after this it is never heard of again. */
  onGone(environment: Environment, failure: InitFailure | undefined): void
  /** Work that was handed over and, proven, did not begin: it is to be done elsewhere. */
  onReturned(work: Work): void
  /** Log text while no invocation runs. */
  onLog(text: string): void
  /** An answer to what has timed out: dropped. */
  onLateResult(): void
}

/** One execution environment: a process that runs one invocation at a time, or several. */
export interface Environment {
  readonly state: EnvironmentState
  /** How many invocations were handed over and are not over. */
  readonly load: number
  /** How many it runs at the same time; what is beyond lies ahead. */
  readonly concurrency: number
  /** It is held up: what runs has run for a while, or what was handed over does not begin. */
  readonly stalled: boolean
  /** Started, until ready, or until it failed: how long it took. */
  readonly initMs: number
  readonly idleSinceMs: number
  /** Since when it has had no rest: what runs has been first, or it was idle last. */
  readonly busySinceMs: number
  /** Of its process. */
  readonly pid: number | undefined
  /** Set once it was ended by force while it was wanted. */
  readonly killedFor: KillReason | undefined
  /** Hands an invocation over, to run now or behind those handed over before. */
  dispatch(work: Work): void
  /**
   * Takes no more; ends when what it has is over, at once if it has nothing. With a grace its process
   * is asked first (SIGTERM).
   */
  retire(graceMs?: number): void
  /** Asks its process to end (SIGTERM), and ends it `graceMs` later. */
  terminate(graceMs: number): void
  /** Ends now. What runs ends as `died`; what lies ahead is returned. */
  kill(): void
}

export type EnvironmentState = 'starting' | 'ready' | 'gone'

/** How often what runs is looked at: the function's timeout counts from there. */
const WATCH_MS = 25
/** How long after an answer a runtime may take to ask for the next invocation. */
const REST_MAX_MS = 10_000

/** Starts an environment: `starting` → `ready` → `gone`. */
export function startEnvironment(options: EnvironmentOptions): Environment {
  return new ProcessEnvironment(options)
}

function openChannel(options: EnvironmentOptions, events: ChannelEvents): Channel {
  return options.command.channel === 'runtime-api'
    ? openRuntimeApiChannel(options, events)
    : openFramedChannel(options, events)
}

class ProcessEnvironment implements Environment {
  readonly #options: EnvironmentOptions
  readonly #clock: Clock
  readonly #channel: Channel
  readonly #startedMs: number
  readonly #deliveries: Deliveries = createDeliveries()
  /** How long each took that is over, and after which the process does not wait for the next one yet. */
  readonly #resting: (number | undefined)[] = []
  #initTimer: Disposable | undefined
  #initError: Uint8Array | undefined
  #initTimedOut = false
  #timedOut = false
  #maxMemoryUsedMb = 0
  #retired = false
  #graceMs = 0
  #terminating: Disposable | undefined
  #seq = 0
  #revokedSeq = 0
  #watching: Disposable | undefined
  #watchedSeq = 0
  #hangWatch: HangWatch | undefined
  #restWatch: Disposable | undefined
  #hung: DeathReason['hung']
  killedFor: KillReason | undefined
  state: EnvironmentState = 'starting'
  stalled = false
  initMs = 0
  idleSinceMs = 0
  busySinceMs = 0

  constructor(options: EnvironmentOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#startedMs = this.#clock.nowMs()
    this.#channel = openChannel(options, {
      onReady: (maxMemoryUsedMb) => this.#onReady(maxMemoryUsedMb),
      onInitError: (error) => (this.#initError = error),
      workOf: (seq) => this.#deliveries.find(seq)?.work,
      onEnd: (seq, end) => this.#onEnd(seq, end),
      onReceptive: () => this.#onReceptive(),
      onRefused: (seq) => this.#onRefused(seq),
      onStream: (seq, contentType) => this.#begun(seq)?.work.onStream(contentType),
      onChunk: (seq, bytes) => this.#onChunk(seq, bytes),
      onLog: (seq, text) => this.#onLog(seq, text),
      onLeaving: () => {
        this.#leave()
        this.#takeBack()
      },
      onGone: (exit) => this.#onGone(exit),
    })
    this.#initTimer = this.#clock.after(options.initTimeoutMs, () => {
      this.#initTimedOut = true
      this.#killFor('init_timeout')
    })
  }

  get load(): number {
    return this.#deliveries.all.length + this.#resting.length
  }

  get concurrency(): number {
    return this.#options.concurrency
  }

  get pid(): number | undefined {
    return this.#channel.pid
  }

  dispatch(work: Work): void {
    assert(this.state === 'ready', `an environment takes work while ready, this is ${this.state}`)
    const seq = ++this.#seq
    const nowMs = this.#clock.nowMs()
    if (this.load === 0) this.busySinceMs = nowMs
    this.#deliveries.add({ work, seq, first: seq === 1, started: false, dueMs: nowMs })
    this.#watch()
    this.#channel.deliver(work, seq)
  }

  retire(graceMs: number = 0): void {
    this.#retired = true
    this.#graceMs = graceMs
    if (this.#deliveries.all.length === 0) this.#end()
  }

  terminate(graceMs: number): void {
    if (this.state === 'gone' || this.#terminating !== undefined) return
    this.#retired = true
    this.#channel.kill('SIGTERM')
    this.#terminating = this.#clock.after(graceMs, () => this.kill())
  }

  kill(): void {
    this.#channel.kill()
  }

  #end(): void {
    if (this.#graceMs > 0) this.terminate(this.#graceMs)
    else this.kill()
  }

  #killFor(reason: KillReason): void {
    this.killedFor = reason
    this.kill()
  }

  #onReady(maxMemoryUsedMb: number): void {
    if (this.state !== 'starting') return
    this.#maxMemoryUsedMb = maxMemoryUsedMb
    this.#initTimer?.[Symbol.dispose]()
    this.idleSinceMs = this.#clock.nowMs()
    this.initMs = this.idleSinceMs - this.#startedMs
    this.state = 'ready'
    if (armed) failAt('idle', this.pid)
    this.#options.events.onReady(this)
  }

  /** Most invocations are over before anyone need know that they began. One alarm serves all. */
  #watch(): void {
    this.#watching ??= this.#clock.after(WATCH_MS, () => {
      this.#watching = undefined
      if (this.load === 0) return
      if (this.#isInOrder) this.#lookAtFirst()
      else this.#lookAtAll()
      if (this.load > 0) this.#watch()
    })
  }

  get #isInOrder(): boolean {
    return this.#options.concurrency === 1
  }

  /** What runs the second time it is seen holds up those that were delivered behind it. */
  #lookAtFirst(): void {
    const [first] = this.#deliveries.all
    if (first === undefined) return
    if (this.#hasBegun(first)) this.#onStarted(first)
    this.stalled = this.#watchedSeq === first.seq
    this.#watchedSeq = first.seq
    if (this.stalled) this.#takeBack()
    if (!first.started) this.#endIfHung(first)
  }

  /** They begin as they come, so what has not begun by now waits for a handler that computes. */
  #lookAtAll(): void {
    let waiting: Delivery | undefined
    for (const delivery of this.#deliveries.all) {
      if (this.#hasBegun(delivery)) this.#onStarted(delivery)
      else waiting ??= delivery
    }
    if (waiting !== undefined) this.#endIfHung(waiting)
    const watch = this.#hangWatch
    this.stalled =
      waiting !== undefined &&
      watch?.seq === waiting.seq &&
      this.#clock.nowMs() - watch.sinceMs >= watch.ackMs
    if (this.stalled) this.#takeBack()
  }

  #endIfHung(waiting: Delivery): void {
    const { pid } = this.#channel
    const signs = pid === undefined ? undefined : vitalSignsOf(pid)
    const nowMs = this.#clock.nowMs()
    if (this.#hangWatch?.seq !== waiting.seq) {
      this.#hangWatch = watchStart(waiting, nowMs, signs)
      return
    }
    // Those that have begun here are not to die for it.
    if (this.#deliveries.all.some(({ started }) => started)) return
    this.#hung = hangOf(this.#hangWatch, nowMs, signs, this.#channel.isBacklogged)
    if (this.#hung !== undefined) this.#killFor('start_timeout')
  }

  #hasBegun({ started, seq }: Delivery): boolean {
    return started || this.#channel.hasBegun(seq)
  }

  /** Returns what has not begun; but for one if nothing has, so that a hang is found out. */
  #takeBack(): void {
    const { all } = this.#deliveries
    if (all.length === 0) return
    this.#revokedSeq = this.#seq
    this.#channel.revokeThrough(this.#seq)
    const waiting = all.filter((each) => !this.#hasBegun(each))
    const unneeded = waiting.length === all.length ? waiting.slice(1) : waiting
    const returned = unneeded.filter(({ seq }) => this.#channel.mayTakeBack(seq))
    for (const delivery of returned) {
      this.#deliveries.remove(delivery)
      this.#disown(delivery)
    }
    for (const { work } of returned) this.#options.events.onReturned(work)
  }

  #onRefused(seq: number): void {
    const delivery = this.#deliveries.find(seq)
    if (delivery === undefined) return
    // Nobody took it back: its code has written where only the server writes, and would refuse for ever.
    if (seq > this.#revokedSeq) this.#leave()
    this.#remove(delivery)
    this.#disown(delivery)
    this.#afterRemoval(undefined)
    this.#options.events.onReturned(delivery.work)
  }

  /** A delivery that says something has begun. */
  #begun(seq: number): Delivery | undefined {
    const delivery = this.#deliveries.find(seq)
    if (delivery !== undefined) this.#onStarted(delivery)
    return delivery
  }

  /** The timeout counts from here: no wait and no start of ours is taken from the function's time. */
  #onStarted(delivery: Delivery): void {
    if (delivery.started) return
    delivery.started = true
    const { timeoutMs } = this.#options
    delivery.timer = this.#clock.after(timeoutMs, () => this.#onTimeout(delivery))
    this.#tellStarted(delivery)
  }

  #tellStarted({ work, first, early }: Delivery): void {
    work.onStarted(first ? this.initMs : undefined)
    if (early !== undefined) work.onLog(early)
  }

  /** Others that run here are let finish; they have timeouts of their own. */
  #onTimeout(delivery: Delivery): void {
    this.#remove(delivery)
    this.#leave()
    this.#timedOut = true
    if (!this.#isInOrder) this.#takeBack()
    if (this.#isInOrder || this.#deliveries.all.length === 0) this.#killFor('timeout')
    delivery.work.onEnd({
      kind: 'timeout',
      durationMs: this.#options.timeoutMs,
      maxMemoryUsedMb: this.#maxMemoryUsedMb,
    })
  }

  /** A slow reader holds the handler up, and not its neighbours. */
  #onChunk(seq: number, bytes: Uint8Array): void {
    const delivery = this.#begun(seq)
    // What it had written before it was told to wait is taken still.
    if (delivery === undefined || delivery.work.onChunk(bytes) || delivery.held === true) return
    delivery.held = true
    this.#channel.pause(seq)
    delivery.work.onDrain(() => {
      delivery.held = false
      if (this.state !== 'gone') this.#channel.resume(seq)
    })
  }

  #onEnd(seq: number, end: WorkEnd & Measured): void {
    const delivery = this.#deliveries.find(seq)
    if (delivery === undefined) return this.#onStray(seq)
    this.#maxMemoryUsedMb = end.maxMemoryUsedMb
    if (!delivery.started) this.#tellStarted(delivery)
    this.#remove(delivery)
    this.#afterRemoval(end.durationMs)
    // Last: whoever is told of the end may hand the next one over at once.
    delivery.work.onEnd(end)
  }

  /** What answers twice, or for others, is trusted with nothing more. */
  #onStray(seq: number): void {
    if (this.#timedOut) return this.#options.events.onLateResult()
    this.#options.events.onLog(`spillway: environment ends, it answered ${seq} unasked\n`)
    this.#leave()
    this.#takeBack()
    if (this.#deliveries.all.length === 0) this.#killFor('protocol')
  }

  #remove(delivery: Delivery): void {
    delivery.timer?.[Symbol.dispose]()
    this.#deliveries.remove(delivery)
    const nowMs = this.#clock.nowMs()
    this.idleSinceMs = nowMs
    if (!this.#isInOrder) return
    this.stalled = false
    this.busySinceMs = nowMs
    const [next] = this.#deliveries.all
    if (next !== undefined) next.dueMs = nowMs
  }

  #afterRemoval(durationMs: number | undefined): void {
    if (this.#retired && this.#deliveries.all.length === 0) this.#end()
    if (armed && this.#deliveries.all.length === 0) failAt('idle', this.pid)
    if (this.#channel.isReceptive) return this.#options.events.onRoom(this, durationMs)
    this.#resting.push(durationMs)
    this.#watchRest()
  }

  /** One place for each time it asks; all of them once it has nothing. */
  #onReceptive(): void {
    this.#restWatch?.[Symbol.dispose]()
    this.#restWatch = undefined
    do {
      if (this.#resting.length === 0) return
      this.#options.events.onRoom(this, this.#resting.shift())
    } while (this.#deliveries.all.length === 0)
    this.#watchRest()
  }

  /** Whoever never asks again would hold a place for ever. */
  #watchRest(): void {
    if (this.#deliveries.all.length > 0) return
    this.#restWatch ??= this.#clock.after(REST_MAX_MS, () => this.kill())
  }

  #leave(): void {
    if (this.#retired) return
    this.#retired = true
    this.#options.events.onLeaving(this)
  }

  #onLog(seq: number | undefined, text: string): void {
    if (seq === undefined) return this.#onRawLog(text)
    const work = this.#begun(seq)?.work
    if (work === undefined) this.#options.events.onLog(text)
    else work.onLog(text)
  }

  /** What comes past the runtime is whose turn it is, if only one has it; but not before its START. */
  #onRawLog(text: string): void {
    const [first] = this.#isInOrder ? this.#deliveries.all : []
    if (first === undefined) return this.#options.events.onLog(text)
    if (this.#hasBegun(first)) this.#onStarted(first)
    if (first.started) first.work.onLog(text)
    else first.early = (first.early ?? '') + text
  }

  /** Proven not to have begun: what was printed meanwhile is nobody's. */
  #disown({ early }: Delivery): void {
    if (early !== undefined) this.#options.events.onLog(early)
  }

  #onGone(exit: ChannelExit): void {
    const { code, signal, outOfMemory, brokeProtocol } = exit
    if (brokeProtocol) this.killedFor = 'protocol'
    this.#terminating?.[Symbol.dispose]()
    const wasStarting = this.state === 'starting'
    this.state = 'gone'
    this.#initTimer?.[Symbol.dispose]()
    this.#watching?.[Symbol.dispose]()
    this.#restWatch?.[Symbol.dispose]()
    const hung = this.#hung
    const reason = {
      code,
      signal,
      outOfMemory,
      brokeProtocol,
      ...(hung === undefined ? {} : { hung }),
    }
    if (wasStarting) this.initMs = this.#clock.nowMs() - this.#startedMs
    const failure = wasStarting && !this.#retired ? this.#initFailure(exit, reason) : undefined
    const { died, returned } = this.#lastVerdicts()
    this.#leave()
    this.#options.events.onGone(this, failure)
    for (const { work } of returned) this.#options.events.onReturned(work)
    for (const { work, started } of died) {
      work.onEnd({ kind: 'died', started, reason, maxMemoryUsedMb: this.#maxMemoryUsedMb })
    }
  }

  /**
   * Those that had begun died with it. Of those that had not, the first is the one it died under if
   * nothing ran: its attempts are counted, so that what kills every environment ends.
   */
  #lastVerdicts(): { died: Delivery[]; returned: Delivery[] } {
    const all = this.#deliveries.removeAll()
    for (const delivery of all) {
      if (this.#hasBegun(delivery)) this.#onStarted(delivery)
      delivery.timer?.[Symbol.dispose]()
    }
    const begun = all.filter(({ started }) => started)
    const waiting = all.filter(({ started }) => !started)
    for (const delivery of waiting) this.#disown(delivery)
    const died = begun.length > 0 ? begun : waiting.splice(0, 1)
    return { died, returned: waiting }
  }

  #initFailure({ spawnError, invalidEntrypoint }: ChannelExit, reason: DeathReason): InitFailure {
    const silent =
      invalidEntrypoint === undefined && this.#initError === undefined && !this.#initTimedOut
    const notStarted = silent ? whyNotStarted(this.#options.command, spawnError) : undefined
    return {
      ...(notStarted === undefined ? {} : { notStarted }),
      ...(this.#initError === undefined ? {} : { error: this.#initError }),
      ...(invalidEntrypoint === undefined ? {} : { invalidEntrypoint }),
      timedOut: this.#initTimedOut,
      reason,
    }
  }
}
