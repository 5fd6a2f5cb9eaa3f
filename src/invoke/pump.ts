import type { Clock } from '../lib/clock.ts'
import type { Caller, Refused, Reservation } from './invocation.ts'

/** What a pump takes work from, and how it is run. */
export interface PumpOptions {
  /**
   * How many runs there is work for; resolves once there is some, or with 0 when the signal aborts.
   * Takes nothing.
   */
  readonly waiting: (signal: AbortSignal) => Promise<number>
  /** How many may run at once now. */
  readonly max: () => number
  readonly reserve: (caller: Caller) => Promise<Reservation | Refused>
  /**
   * Fetches the work of one run and starts it; undefined where there was none after all. Then, and
   * where it throws, the reservation has been released.
   */
  readonly begin: (reservation: Reservation) => Promise<Begun | undefined>
  readonly clock: Clock
  /** A failure of ours or of the queue; the pump goes on after a pause. */
  readonly onTrouble: (error: unknown) => void
}

/** A run that is under way. */
export interface Begun {
  /** Resolves at its end: false where it could not be run at all, so that the next one need not hurry. */
  readonly done: Promise<boolean>
}

/**
 * How many of one pump may be in the gate's line, or fetching, at the same time. How long the line is
 * says whether another environment is worth its start, so it must not look short where much waits; but
 * two of a small function must have room in it, which ends at a hundred.
 */
const LANES = 48
const PAUSE_MIN_MS = 10
/** Nothing was there, again and again: others take it first. */
const EMPTY_PAUSE_MAX_MS = 1000
const REFUSED_PAUSE_MIN_MS = 1000
/** Shorter than Lambda's five minutes: asking costs nothing here. */
const REFUSED_PAUSE_MAX_MS = 10_000

/**
 * Runs what waits in a durable queue: the right to run comes first, the work is fetched then. So what
 * cannot run stays where it is, and nothing is held while there is nothing to run.
 */
export class Pump {
  readonly #options: PumpOptions
  readonly #stop = new AbortController()
  readonly #callers = new Set<Caller>()
  readonly #over: Promise<void>
  /** In line, or fetching. */
  #asking = 0
  #running = 0
  #pauseMs = 0
  #lastPauseMs = 0
  #next = Promise.withResolvers<void>()
  #wake: (() => void) | undefined

  constructor(options: PumpOptions) {
    this.#options = options
    this.#over = this.#loop()
  }

  /** Runs that are under way. */
  get running(): number {
    return this.#running
  }

  /** Those in the gate's line, and those who fetch. */
  get asking(): number {
    return this.#asking
  }

  /** Fetches nothing more; resolves when nothing is being fetched, while what runs runs on. */
  async stop(): Promise<void> {
    this.#stop.abort()
    for (const caller of this.#callers) caller.waiting?.cancel()
    this.#wake?.()
    this.#changed()
    await this.#over
    while (this.#asking > 0) await this.#change()
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running > 0) await this.#change()
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      if (this.#pauseMs > 0) await this.#pause()
      else if (this.#room() <= 0) await this.#change()
      else await this.#startSome(signal)
    }
  }

  #room(): number {
    const allowed = this.#options.max() - this.#running - this.#asking
    return Math.min(allowed, LANES - this.#asking)
  }

  async #startSome(signal: AbortSignal): Promise<void> {
    let waiting: number
    try {
      waiting = await this.#options.waiting(signal)
    } catch (error) {
      return this.#trouble(error)
    }
    if (waiting === 0 || signal.aborted) return
    // Those who ask already take of the same work.
    const fresh = Math.min(waiting - this.#asking, this.#room())
    if (fresh <= 0) return await this.#change()
    for (let i = 0; i < fresh; i++) void this.#one()
  }

  async #one(): Promise<void> {
    this.#asking++
    try {
      await this.#ask()
    } catch (error) {
      this.#trouble(error)
    } finally {
      this.#asking--
      this.#changed()
    }
  }

  async #ask(): Promise<void> {
    const caller: Caller = { waiting: undefined }
    this.#callers.add(caller)
    const answer = await this.#options.reserve(caller)
    this.#callers.delete(caller)
    if (answer.kind === 'refused') {
      // Who was taken out of the line has not been refused anything.
      const isRefused = answer.outcome.status !== 'cancelled'
      if (isRefused) this.#slowDown(REFUSED_PAUSE_MIN_MS, REFUSED_PAUSE_MAX_MS)
      return
    }
    if (this.#stop.signal.aborted) return answer.release()
    const begun = await this.#options.begin(answer)
    if (begun === undefined) return this.#onEmpty()
    this.#running++
    void this.#follow(begun)
  }

  /** There is nothing left for those in line either. */
  #onEmpty(): void {
    this.#slowDown(PAUSE_MIN_MS, EMPTY_PAUSE_MAX_MS)
    for (const caller of this.#callers) caller.waiting?.cancel()
  }

  async #follow({ done }: Begun): Promise<void> {
    let wasRun = false
    try {
      wasRun = await done
    } catch (error) {
      this.#options.onTrouble(error)
    }
    if (wasRun) this.#lastPauseMs = 0
    else this.#slowDown(REFUSED_PAUSE_MIN_MS, REFUSED_PAUSE_MAX_MS)
    this.#running--
    this.#changed()
  }

  #trouble(error: unknown): void {
    this.#options.onTrouble(error)
    this.#slowDown(REFUSED_PAUSE_MIN_MS, REFUSED_PAUSE_MAX_MS)
  }

  /** Each pause in a row is twice the last one. */
  #slowDown(minMs: number, maxMs: number): void {
    this.#pauseMs = Math.min(maxMs, Math.max(minMs, 2 * this.#lastPauseMs))
  }

  async #pause(): Promise<void> {
    this.#lastPauseMs = this.#pauseMs
    this.#pauseMs = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const timer = this.#options.clock.after(this.#lastPauseMs, resolve)
    await promise
    timer[Symbol.dispose]()
  }

  #changed(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }

  async #change(): Promise<void> {
    await this.#next.promise
  }
}
