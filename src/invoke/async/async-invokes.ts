import type { App } from '../../model/app.ts'
import { createAsyncConfigs, type AsyncConfigs } from './config.ts'
import { laneOf, queueOf, toMessage, type AsyncEvent, type Lane } from './event.ts'
import { AsyncLane, laneFor, type LaneOptions } from './lane.ts'

/** Runs functions for whom nobody waits, as soon as they can run; what was accepted survives this process. */
export interface AsyncInvokes {
  readonly configs: AsyncConfigs
  /** Takes an App's functions and what it says of their events; goes on with what is left of earlier ones. */
  configure(app: App): void
  /**
   * Resolves once the event is durable; with false where the node stops and takes no more.
   * @throws {SpillwayError} where it cannot be kept.
   */
  accept(event: AsyncEvent): Promise<boolean>
  /** How many run, by function. */
  running(): ReadonlyMap<string, number>
  /** Takes nothing more out of the queues; what runs runs on. */
  stop(): Promise<void>
  /** Resolves when nothing runs. */
  idle(): Promise<void>
}

export interface AsyncInvokesOptions extends Omit<LaneOptions, 'configs'> {
  /** Makes the queue of some events, where it is not there yet. */
  readonly openQueue: (name: string) => Promise<void>
  /** Queues there are from before; others than those of events are passed over. */
  readonly existing: readonly string[]
  /** Whether the function has limits for each tenant: only then it matters whose an event is. */
  readonly perTenant: (functionName: string) => boolean
}

export function createAsyncInvokes(options: AsyncInvokesOptions): AsyncInvokes {
  return new Invokes(options)
}

class Invokes implements AsyncInvokes {
  readonly configs: AsyncConfigs
  readonly #options: AsyncInvokesOptions
  /** By queue. */
  readonly #lanes = new Map<string, AsyncLane>()
  readonly #opened = new Map<string, Promise<void>>()
  readonly #left: Map<string, Lane>
  readonly #ending = new Set<Promise<void>>()
  #stopped = false

  constructor(options: AsyncInvokesOptions) {
    this.#options = options
    this.configs = createAsyncConfigs(() => options.clock.wallMs())
    this.#left = new Map(
      options.existing.flatMap((queue) => {
        const lane = laneOf(queue)
        return lane === undefined ? [] : [[queue, lane]]
      }),
    )
  }

  configure(app: App): void {
    this.configs.configure(app.background?.asyncConfigs ?? {})
    const names = new Set(app.functions.map(({ name }) => name))
    for (const [queue, lane] of this.#left) {
      const running = this.#lanes.get(queue)
      if (names.has(lane.functionName)) this.#openLane(queue, lane)
      else if (running !== undefined) this.#closeLane(queue, running)
    }
  }

  async accept(event: AsyncEvent): Promise<boolean> {
    if (this.#stopped) return false
    const { queues, perTenant } = this.#options
    const { tenant, ...rest } = laneFor(event)
    const keepsTenant = tenant !== undefined && perTenant(event.functionName)
    const lane = keepsTenant ? { ...rest, tenant } : rest
    const queue = queueOf(lane)
    await this.#open(queue)
    await queues.send(queue, [toMessage(event)])
    this.#left.set(queue, lane)
    this.#openLane(queue, lane)
    return true
  }

  running(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const [queue, { running }] of this.#lanes) {
      const name = laneOf(queue)?.functionName ?? ''
      counts.set(name, (counts.get(name) ?? 0) + running)
    }
    return counts
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()))
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#ending, ...[...this.#lanes.values()].map((lane) => lane.idle())])
  }

  /** Once for each queue; a failure is not remembered. */
  async #open(queue: string): Promise<void> {
    let opened = this.#opened.get(queue)
    if (opened === undefined) {
      opened = this.#options.openQueue(queue)
      this.#opened.set(queue, opened)
      opened.catch(() => this.#opened.delete(queue))
    }
    await opened
  }

  #openLane(queue: string, lane: Lane): void {
    if (this.#stopped || this.#lanes.has(queue)) return
    this.#lanes.set(queue, new AsyncLane(lane, { ...this.#options, configs: this.configs }))
  }

  #closeLane(queue: string, lane: AsyncLane): void {
    this.#lanes.delete(queue)
    const over = lane.stop().then(() => lane.idle())
    this.#ending.add(over)
    void over.finally(() => this.#ending.delete(over))
  }
}
