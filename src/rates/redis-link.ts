import { setImmediate } from 'node:timers'
import type { Redis } from 'ioredis'
import type { Clock } from '../lib/clock.ts'
import { connectRedis, redisAddress } from './redis-client.ts'

/** Whether Redis can be asked, and what made it so. */
export interface RedisState {
  readonly up: boolean
  readonly reason: string
}

export interface RedisLinkOptions {
  /** `redis://user:password@host:6379/0`; `rediss://` is TLS. */
  readonly url: string
  readonly clock: Clock
  /** Does to Redis what requests do to it; rejects when that does not work. */
  readonly probe: () => Promise<unknown>
  /** Once for the first state that is known, and for each change of `up`. */
  readonly onChange: (state: RedisState) => void
}

/** A script as a command. */
export interface Script {
  readonly lua: string
  readonly numberOfKeys: number
}

type Command = (this: Redis, ...args: readonly string[]) => Promise<unknown>

/** Redis answers within one. What takes longer than this is down as far as a request can tell. */
const COMMAND_MS = 250
/** How long the first requests wait for the first connection. */
const FIRST_MS = 500
/** How often a Redis that is down is tried. */
const PROBE_MS = 250

/**
 * A connection to Redis or Valkey that may fail at any time, and says so. It is made in the
 * background, and again whenever it is lost. It is up from the first probe that works to the first
 * command that fails. Nobody but the probe asks while it is down: a Redis that hangs costs the
 * requests of one moment `COMMAND_MS`, and those after it nothing.
 */
export class RedisLink {
  /** `127.0.0.1:6379`. */
  readonly address: string
  /** Resolves once the first attempt has come to something, after half a second at most. */
  readonly known: Promise<void>
  readonly #options: RedisLinkOptions
  readonly #client: Redis
  readonly #first: Disposable
  #state: RedisState = { up: false, reason: 'not connected yet' }
  #setKnown: (() => void) | undefined
  #next: Disposable | undefined
  #probing = false
  #closed = false

  /** @throws {SpillwayError} SPILLWAY_USAGE for what is no URL of a Redis, or without `ioredis`. */
  constructor(options: RedisLinkOptions) {
    this.#options = options
    this.address = redisAddress(options.url)
    this.known = new Promise((resolve) => (this.#setKnown = resolve))
    this.#client = connectRedis(options.url)
    this.#client.on('ready', () => this.#probe())
    this.#client.on('error', (error) => this.#down(error))
    this.#client.on('close', () => this.#down(new Error('the connection was closed')))
    const late = new Error(`no connection within ${FIRST_MS} ms`)
    this.#first = options.clock.after(FIRST_MS, () => this.#down(late))
  }

  get state(): RedisState {
    return this.#state
  }

  /** Makes a script a command. Names are unique: a second one would replace the first. */
  define(name: string, script: Script): void {
    this.#client.defineCommand(name, script)
  }

  /** Runs a defined command. Whatever Redis does, it has settled after `COMMAND_MS`. */
  async ask(name: string, args: readonly string[]): Promise<unknown> {
    const command = (this.#client as unknown as Record<string, Command>)[name] as Command
    try {
      return await within(COMMAND_MS, this.#options.clock, command.apply(this.#client, [...args]))
    } catch (error) {
      this.#down(error)
      throw error
    }
  }

  close(): void {
    this.#closed = true
    this.#first[Symbol.dispose]()
    this.#next?.[Symbol.dispose]()
    this.#setKnown?.()
    this.#client.disconnect()
  }

  #down(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#change({ up: false, reason })
  }

  #change(state: RedisState): void {
    const isFirst = this.#setKnown !== undefined
    if (this.#closed || (!isFirst && this.#state.up === state.up)) return
    this.#state = state
    this.#setKnown?.()
    this.#setKnown = undefined
    this.#first[Symbol.dispose]()
    this.#options.onChange(state)
    if (!state.up) this.#tryAgain()
  }

  #tryAgain(): void {
    this.#next?.[Symbol.dispose]()
    this.#next = this.#options.clock.after(PROBE_MS, () => this.#probe())
  }

  /** One at a time: where the first one hangs, a second would do so too. */
  #probe(): void {
    if (this.#closed || this.#state.up || this.#probing) return
    if (this.#client.status !== 'ready') return this.#tryAgain()
    this.#probing = true
    const done = (next: () => void): void => {
      this.#probing = false
      next()
    }
    this.#options.probe().then(
      () => done(() => this.#change({ up: true, reason: 'connected' })),
      () => done(() => this.#tryAgain()),
    )
  }
}

/** The answer, unless it takes longer. */
async function within<T>(ms: number, clock: Clock, answer: Promise<T>): Promise<T> {
  let timer: Disposable | undefined
  const late = new Promise<never>((_, reject) => {
    timer = clock.after(ms, () => {
      // If it was us who stood still, the answer may be here already and only unread.
      setImmediate(() => reject(new Error(`no answer within ${ms} ms`)))
    })
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    timer?.[Symbol.dispose]()
  }
}
