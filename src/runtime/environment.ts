import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import type { RouteContext } from '../events/http.ts'
import { encodeFrame, FRAME, frameReader } from './frames.ts'
import { startProcess, type EnvironmentProcess, type Exit, type ProcessCommand } from './process.ts'
import type { InitFailure, Measured, Result, Work, WorkEnd } from './work.ts'

export interface EnvironmentOptions {
  readonly command: ProcessCommand
  readonly timeoutMs: number
  readonly initTimeoutMs: number
  readonly clock: Clock
  readonly events: EnvironmentEvents
}

/** What the pool is told. */
export interface EnvironmentEvents {
  /** The handler is loaded; from now on it takes work. */
  onReady(environment: Environment): void
  /** It took work and is free again. Called before the work's own `onEnd`. */
  onIdle(environment: Environment, durationMs: number): void
  /** It takes no more work: timed out, or dead. Called before the work's own `onEnd`. */
  onLeaving(environment: Environment): void
  /** Its process is gone; after this it is never heard of again. */
  onGone(environment: Environment, failure: InitFailure | undefined): void
  /** Log text while no invocation runs. */
  onLog(text: string): void
}

/** One execution environment: a process that runs one invocation at a time. */
export interface Environment {
  readonly state: EnvironmentState
  /** Started, until ready: how long it took. */
  readonly initMs: number
  /** How many invocations it has taken. */
  readonly invocations: number
  readonly idleSinceMs: number
  readonly busySinceMs: number
  /** Hands an invocation over. Only while `idle`. */
  dispatch(work: Work): void
  /** Takes no more; ends when what it runs is over, at once if it is idle. */
  retire(): void
  /** Ends now. What it runs ends as `died`. */
  kill(): void
}

export type EnvironmentState = 'starting' | 'idle' | 'busy' | 'gone'

/** How often the start mark of what runs is looked at: the function's timeout counts from there. */
const WATCH_MS = 25

/** V8 says this before it aborts. */
const OUT_OF_MEMORY = 'heap out of memory'

interface Current {
  readonly work: Work
  readonly seq: number
  started: boolean
  timer?: Disposable
}

/** Starts an environment: `starting` → `idle` ⇄ `busy` → `gone`. */
export function startEnvironment(options: EnvironmentOptions): Environment {
  return new ProcessEnvironment(options)
}

class ProcessEnvironment implements Environment {
  readonly #options: EnvironmentOptions
  readonly #clock: Clock
  readonly #process: EnvironmentProcess
  readonly #startedMs: number
  readonly #routes = new Map<RouteContext, number>()
  #initTimer: Disposable | undefined
  #initError: Uint8Array | undefined
  #initTimedOut = false
  #outOfMemory = false
  #maxMemoryUsedMb = 0
  #retired = false
  #seq = 0
  #current: Current | undefined
  #watching: Disposable | undefined
  state: EnvironmentState = 'starting'
  initMs = 0
  invocations = 0
  idleSinceMs = 0
  busySinceMs = 0

  constructor(options: EnvironmentOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#startedMs = this.#clock.nowMs()
    this.#process = startProcess(options.command, (exit) => this.#onGone(exit))
    const read = frameReader((type, seq, head, body) => this.#onFrame(type, seq, head, body))
    this.#process.output.on('data', (chunk: Buffer) => this.#guard(() => read(chunk)))
    this.#process.stdout.on('data', (chunk: Buffer) => this.#onLog(chunk.toString()))
    this.#process.stderr.on('data', (chunk: Buffer) => this.#onStderr(chunk.toString()))
    this.#initTimer = this.#clock.after(options.initTimeoutMs, () => {
      this.#initTimedOut = true
      this.kill()
    })
  }

  dispatch(work: Work): void {
    assert(this.state === 'idle', `an environment takes work while idle, this one is ${this.state}`)
    this.state = 'busy'
    this.busySinceMs = this.#clock.nowMs()
    this.invocations++
    const seq = ++this.#seq
    this.#current = { work, seq, started: false }
    this.#watch()
    const { input } = this.#process
    if (work.payload.kind === 'json') {
      const extra = Buffer.from(work.clientContext ?? '').toString('base64')
      input.write(encodeFrame(FRAME.json, seq, this.#head(work, extra), work.payload.json))
      return
    }
    const { request, route } = work.payload
    const head = [
      this.#head(work, String(this.#routeNumber(route))),
      request.method,
      request.target,
      request.sourceIp,
      request.protocol,
      request.timeEpochMs,
      request.requestId,
      request.port,
      ...request.rawHeaders,
    ].join('\n')
    input.write(encodeFrame(FRAME.http, seq, head, request.body))
  }

  retire(): void {
    this.#retired = true
    if (this.state === 'idle' || this.state === 'starting') this.kill()
  }

  kill(): void {
    this.#process.kill()
  }

  #head({ id, traceId, invokedArn }: Work, extra: string): string {
    return `${id}\n${this.#options.timeoutMs}\n${traceId}\n${invokedArn}\n${extra}`
  }

  /** A route's description is sent once; after that its number stands for it. */
  #routeNumber(route: RouteContext): number {
    const known = this.#routes.get(route)
    if (known !== undefined) return known
    const number = this.#routes.size + 1
    this.#routes.set(route, number)
    this.#process.input.write(encodeFrame(FRAME.route, number, '', JSON.stringify(route)))
    return number
  }

  /** A frame that cannot be read means that the other side is broken: nothing it says counts. */
  #guard(read: () => void): void {
    try {
      read()
    } catch (error) {
      this.#onLog(`spillway: environment ended, ${(error as Error).message}\n`)
      this.kill()
    }
  }

  #onFrame(type: number, seq: number, head: string, body: Buffer): void {
    const current = this.#current?.seq === seq ? this.#current : undefined
    switch (type) {
      case FRAME.log:
        if (current !== undefined) this.#onStarted(current)
        return this.#onLog(body.toString())
      case FRAME.ready:
        return this.#onReady(head)
      case FRAME.initError:
        this.#initError = Uint8Array.from(body)
        return
      default:
        // A late answer to what has timed out is dropped.
        if (current === undefined) return
        this.#finish(current, endOf(type, head.split('\n'), body))
    }
  }

  #onReady(head: string): void {
    if (this.state !== 'starting') return
    this.#maxMemoryUsedMb = measuredOf(head.split('\n')).maxMemoryUsedMb
    this.#initTimer?.[Symbol.dispose]()
    this.initMs = this.#clock.nowMs() - this.#startedMs
    this.#rest()
    this.#options.events.onReady(this)
  }

  /**
   * Most invocations are over before anyone need know that they began. One alarm serves all: it
   * looks at what runs when it rings.
   */
  #watch(): void {
    this.#watching ??= this.#clock.after(WATCH_MS, () => {
      this.#watching = undefined
      if (this.#current === undefined) return
      if (this.#hasStarted(this.#current)) this.#onStarted(this.#current)
      this.#watch()
    })
  }

  #hasStarted({ started, seq }: Current): boolean {
    return started || this.#process.startMark.read() === seq
  }

  /** The timeout counts from here: no wait and no start of ours is taken from the function's time. */
  #onStarted(current: Current): void {
    if (current.started) return
    current.started = true
    const { timeoutMs } = this.#options
    current.timer = this.#clock.after(timeoutMs, () => {
      this.#current = undefined
      this.#leave()
      this.kill()
      current.work.onEnd({
        kind: 'timeout',
        durationMs: timeoutMs,
        maxMemoryUsedMb: this.#maxMemoryUsedMb,
      })
    })
    current.work.onStarted(this.invocations === 1 ? this.initMs : undefined)
  }

  #finish(current: Current, end: WorkEnd & Measured): void {
    this.#maxMemoryUsedMb = end.maxMemoryUsedMb
    if (current.started) current.timer?.[Symbol.dispose]()
    else current.work.onStarted(this.invocations === 1 ? this.initMs : undefined)
    this.#current = undefined
    this.#rest()
    if (this.#retired) this.kill()
    else this.#options.events.onIdle(this, end.durationMs)
    // Last: whoever is told of the end may hand the next one over at once.
    current.work.onEnd(end)
  }

  #leave(): void {
    if (this.#retired) return
    this.#retired = true
    this.#options.events.onLeaving(this)
  }

  #rest(): void {
    this.state = 'idle'
    this.idleSinceMs = this.#clock.nowMs()
  }

  #onLog(text: string): void {
    if (this.#current === undefined) this.#options.events.onLog(text)
    else this.#current.work.onLog(text)
  }

  #onStderr(text: string): void {
    if (text.includes(OUT_OF_MEMORY)) this.#outOfMemory = true
    this.#onLog(text)
  }

  #onGone(exit: Exit): void {
    const wasStarting = this.state === 'starting'
    this.state = 'gone'
    this.#initTimer?.[Symbol.dispose]()
    const current = this.#current
    this.#current = undefined
    if (current !== undefined && this.#hasStarted(current)) this.#onStarted(current)
    current?.timer?.[Symbol.dispose]()
    this.#watching?.[Symbol.dispose]()
    const reason = { ...exit, outOfMemory: this.#outOfMemory }
    const failure: InitFailure | undefined = wasStarting
      ? {
          ...(this.#initError === undefined ? {} : { error: this.#initError }),
          timedOut: this.#initTimedOut,
          reason,
        }
      : undefined
    const unexpected = this.#retired ? undefined : failure
    this.#leave()
    this.#options.events.onGone(this, unexpected)
    current?.work.onEnd({
      kind: 'died',
      started: current.started,
      reason,
      maxMemoryUsedMb: this.#maxMemoryUsedMb,
    })
  }
}

function measuredOf(fields: string[]): Measured {
  return {
    durationMs: Number(fields[0]),
    maxMemoryUsedMb: Math.round(Number(fields[1]) / 1024),
  }
}

function endOf(type: number, fields: string[], body: Buffer): WorkEnd & Measured {
  const measured = measuredOf(fields)
  switch (type) {
    case FRAME.malformed:
      return { kind: 'malformed', reason: body.toString(), ...measured }
    case FRAME.error:
      return { kind: 'error', error: body, ...measured }
    case FRAME.result:
      return { kind: 'result', result: { kind: 'json', json: body }, ...measured }
    case FRAME.response:
      return { kind: 'result', result: responseOf(fields, body), ...measured }
    default:
      throw new Error(`unknown frame type ${type}`)
  }
}

function responseOf(fields: string[], body: Buffer): Result {
  const status = Number(fields[2])
  return { kind: 'http', response: { status, rawHeaders: fields.slice(3), body } }
}
