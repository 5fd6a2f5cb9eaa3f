import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import type { RouteContext } from '../events/http.ts'
import { encodeFrame, FRAME, frameReader, ProtocolError } from './frames.ts'
import type { EnvironmentCommand } from './command.ts'
import { startProcess, type EnvironmentProcess, type Exit } from './process.ts'
import { decodeEnd, decodeMeasured, encodeWork } from './wire.ts'
import type { DeathReason, InitFailure, Measured, Work, WorkEnd } from './work.ts'

export interface EnvironmentOptions {
  readonly command: EnvironmentCommand
  readonly timeoutMs: number
  readonly initTimeoutMs: number
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
  /** Work that was delivered ahead and, proven, did not begin: it is to be done elsewhere. */
  onReturned(work: Work): void
  /** Log text while no invocation runs. */
  onLog(text: string): void
}

/** One execution environment: a process that runs one invocation at a time. */
export interface Environment {
  readonly state: EnvironmentState
  /** How many invocations were handed over and are not over: one runs, the others lie ahead. */
  readonly load: number
  /** What runs has run for a while; nothing should be delivered behind it. */
  readonly stalled: boolean
  /** Started, until ready: how long it took. */
  readonly initMs: number
  readonly idleSinceMs: number
  /** Since when what runs has been first. */
  readonly busySinceMs: number
  /** Hands an invocation over, to run now or behind those handed over before. */
  dispatch(work: Work): void
  /** Takes no more; ends when what it has is over, at once if it has nothing. */
  retire(): void
  /** Ends now. What runs ends as `died`; what lies ahead is returned. */
  kill(): void
}

export type EnvironmentState = 'starting' | 'ready' | 'gone'

/** How often what runs is looked at: the function's timeout counts from there. */
const WATCH_MS = 25

/** V8 says this before it aborts. */
const OUT_OF_MEMORY = 'heap out of memory'

/** An invocation that was handed over. */
interface Delivery {
  readonly work: Work
  readonly seq: number
  /** The first of its environment: its report shows the init. */
  readonly first: boolean
  started: boolean
  timer?: Disposable
}

/** Starts an environment: `starting` → `ready` → `gone`. */
export function startEnvironment(options: EnvironmentOptions): Environment {
  return new ProcessEnvironment(options)
}

class ProcessEnvironment implements Environment {
  readonly #options: EnvironmentOptions
  readonly #clock: Clock
  readonly #process: EnvironmentProcess
  readonly #startedMs: number
  readonly #routes = new Map<RouteContext, number>()
  /** In order; the first one runs. */
  readonly #deliveries: Delivery[] = []
  #initTimer: Disposable | undefined
  #initError: Uint8Array | undefined
  #initTimedOut = false
  #outOfMemory = false
  #brokeProtocol = false
  #maxMemoryUsedMb = 0
  #retired = false
  readonly #outgoing: Buffer[] = []
  #seq = 0
  #watching: Disposable | undefined
  #watchedSeq = 0
  state: EnvironmentState = 'starting'
  stalled = false
  initMs = 0
  idleSinceMs = 0
  busySinceMs = 0

  constructor(options: EnvironmentOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#startedMs = this.#clock.nowMs()
    this.#process = startProcess(options.command, (exit) => this.#onGone(exit))
    const read = frameReader((type, seq, head, body) => this.#onFrame(type, seq, head, body))
    this.#process.output.on('data', (chunk: Buffer) => this.#guard(() => read(chunk)))
    const { stdout, stderr } = this.#process
    stdout.setEncoding('utf8').on('data', (text: string) => this.#onLog(text))
    stderr.setEncoding('utf8').on('data', (text: string) => this.#onStderr(text))
    this.#initTimer = this.#clock.after(options.initTimeoutMs, () => {
      this.#initTimedOut = true
      this.kill()
    })
  }

  get load(): number {
    return this.#deliveries.length
  }

  dispatch(work: Work): void {
    assert(this.state === 'ready', `an environment takes work while ready, this is ${this.state}`)
    const seq = ++this.#seq
    if (this.load === 0) this.busySinceMs = this.#clock.nowMs()
    this.#deliveries.push({ work, seq, first: seq === 1, started: false })
    this.#watch()
    const { timeoutMs, command } = this.#options
    const isLean = command.channel === 'lean'
    const routeNumber = (route: RouteContext): number => this.#routeNumber(route)
    this.#write(encodeWork(work, seq, timeoutMs, isLean ? routeNumber : undefined))
  }

  retire(): void {
    this.#retired = true
    if (this.load === 0) this.kill()
  }

  kill(): void {
    this.#process.kill()
  }

  /** What is handed over in one turn of the loop goes out in one write. */
  #write(frame: Buffer): void {
    if (this.#outgoing.push(frame) > 1) return
    process.nextTick(() => {
      const frames = this.#outgoing.splice(0)
      this.#process.input.write(frames.length === 1 ? frame : Buffer.concat(frames))
    })
  }

  /** A route's description is sent once; after that its number stands for it. */
  #routeNumber(route: RouteContext): number {
    const known = this.#routes.get(route)
    if (known !== undefined) return known
    const number = this.#routes.size + 1
    this.#routes.set(route, number)
    this.#write(encodeFrame(FRAME.route, number, '', JSON.stringify(route)))
    return number
  }

  #guard(read: () => void): void {
    // What follows would be read out of step.
    if (this.#brokeProtocol) return
    try {
      read()
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#brokeProtocol = true
      this.#onLog(`spillway: environment ended, ${error.message}\n`)
      this.kill()
    }
  }

  #onFrame(type: number, seq: number, head: string, body: Buffer): void {
    const [first] = this.#deliveries
    const current = first?.seq === seq ? first : undefined
    switch (type) {
      case FRAME.log:
        // Late words of an invocation that is over are nobody's.
        if (current === undefined) return this.#options.events.onLog(body.toString())
        this.#onStarted(current)
        return current.work.onLog(body.toString())
      case FRAME.ready:
        return this.#onReady(head)
      case FRAME.initError:
        this.#initError = Uint8Array.from(body)
        return
      case FRAME.refused:
        // It was marked and revoked at the same moment, and did not begin.
        return current === undefined ? undefined : this.#return(current)
      default:
        // A late answer to what has timed out is dropped.
        if (current !== undefined) {
          this.#finish(current, decodeEnd(type, head, body, current.work.payload))
        }
    }
  }

  #onReady(head: string): void {
    if (this.state !== 'starting') return
    this.#maxMemoryUsedMb = decodeMeasured(head.split('\n')).maxMemoryUsedMb
    this.#initTimer?.[Symbol.dispose]()
    this.idleSinceMs = this.#clock.nowMs()
    this.initMs = this.idleSinceMs - this.#startedMs
    this.state = 'ready'
    this.#options.events.onReady(this)
  }

  /**
   * Most invocations are over before anyone need know that they began. One alarm serves all: it
   * looks at what runs when it rings. What runs the second time it is seen holds up those that were
   * delivered behind it; they are taken back.
   */
  #watch(): void {
    this.#watching ??= this.#clock.after(WATCH_MS, () => {
      this.#watching = undefined
      const [current] = this.#deliveries
      if (current === undefined) return
      if (this.#isMarked(current)) this.#onStarted(current)
      this.stalled = this.#watchedSeq === current.seq
      this.#watchedSeq = current.seq
      if (this.stalled) this.#takeBack()
      this.#watch()
    })
  }

  #isMarked({ started, seq }: Delivery): boolean {
    return started || this.#process.startMark.read() >= seq
  }

  #takeBack(): void {
    if (this.load < 2) return
    const { startMark } = this.#process
    startMark.revokeThrough(this.#seq)
    const markedSeq = startMark.read()
    const kept = this.#deliveries.filter(({ seq }, at) => at === 0 || seq <= markedSeq)
    const returned = this.#deliveries.splice(0).slice(kept.length)
    this.#deliveries.push(...kept)
    for (const { work } of returned) this.#options.events.onReturned(work)
  }

  #return(current: Delivery): void {
    this.#shift(current)
    this.#afterShift(undefined)
    this.#options.events.onReturned(current.work)
  }

  /** The timeout counts from here: no wait and no start of ours is taken from the function's time. */
  #onStarted(current: Delivery): void {
    if (current.started) return
    current.started = true
    const { timeoutMs } = this.#options
    current.timer = this.#clock.after(timeoutMs, () => {
      this.#shift(current)
      this.#leave()
      this.kill()
      current.work.onEnd({
        kind: 'timeout',
        durationMs: timeoutMs,
        maxMemoryUsedMb: this.#maxMemoryUsedMb,
      })
    })
    current.work.onStarted(current.first ? this.initMs : undefined)
  }

  #finish(current: Delivery, end: WorkEnd & Measured): void {
    this.#maxMemoryUsedMb = end.maxMemoryUsedMb
    if (!current.started) current.work.onStarted(current.first ? this.initMs : undefined)
    this.#shift(current)
    this.#afterShift(end.durationMs)
    // Last: whoever is told of the end may hand the next one over at once.
    current.work.onEnd(end)
  }

  /** Takes out what runs, or ran last; the next one is first now. */
  #shift(current: Delivery): void {
    current.timer?.[Symbol.dispose]()
    this.#deliveries.splice(this.#deliveries.indexOf(current), 1)
    this.stalled = false
    this.busySinceMs = this.#clock.nowMs()
    this.idleSinceMs = this.busySinceMs
  }

  #afterShift(durationMs: number | undefined): void {
    if (this.#retired && this.load === 0) this.kill()
    this.#options.events.onRoom(this, durationMs)
  }

  #leave(): void {
    if (this.#retired) return
    this.#retired = true
    this.#options.events.onLeaving(this)
  }

  #onLog(text: string): void {
    const [current] = this.#deliveries
    if (current === undefined) this.#options.events.onLog(text)
    else current.work.onLog(text)
  }

  #onStderr(text: string): void {
    if (text.includes(OUT_OF_MEMORY)) this.#outOfMemory = true
    this.#onLog(text)
  }

  #onGone(exit: Exit): void {
    const wasStarting = this.state === 'starting'
    this.state = 'gone'
    this.#initTimer?.[Symbol.dispose]()
    this.#watching?.[Symbol.dispose]()
    const reason = {
      ...exit,
      outOfMemory: this.#outOfMemory,
      brokeProtocol: this.#brokeProtocol,
    }
    const failure = wasStarting && !this.#retired ? this.#initFailure(reason) : undefined
    const [current, ...ahead] = this.#deliveries.splice(0)
    if (current !== undefined && this.#isMarked(current)) this.#onStarted(current)
    current?.timer?.[Symbol.dispose]()
    this.#leave()
    this.#options.events.onGone(this, failure)
    for (const { work } of ahead) this.#options.events.onReturned(work)
    current?.work.onEnd({
      kind: 'died',
      started: current.started,
      reason,
      maxMemoryUsedMb: this.#maxMemoryUsedMb,
    })
  }

  #initFailure(reason: DeathReason): InitFailure {
    return {
      ...(this.#initError === undefined ? {} : { error: this.#initError }),
      timedOut: this.#initTimedOut,
      reason,
    }
  }
}
