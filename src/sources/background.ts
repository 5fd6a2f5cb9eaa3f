import type { Notifications } from '../bus/notifications.ts'
import type { LiveLimits } from '../gate/limits/live-limits.ts'
import type { AsyncInvokes } from '../invoke/async/async-invokes.ts'
import { laneOf } from '../invoke/async/event.ts'
import type { ReservingInvoker } from '../invoke/invocation.ts'
import { realClock, type Clock } from '../lib/clock.ts'
import type { SpillwayError } from '../lib/errors.ts'
import type { App } from '../model/app.ts'
import type { EmbeddedQueues } from '../queue/embedded/embedded.ts'
import { defineQueues, openQueues } from '../queue/open-queues.ts'
import { createCauses } from './causes.ts'
import { destinationDoors } from './destination-doors.ts'
import { openSources } from './open-sources.ts'
import { withSources, type Mappings } from './queue/mappings.ts'

export interface BackgroundOptions {
  readonly app: App
  readonly invoker: ReservingInvoker
  readonly limits: LiveLimits
  readonly mode: 'dev' | 'start'
  /** Where what waits is kept. Default: nothing survives this process. */
  readonly dataDir?: string | undefined
  /** Of what waits in queues. Default: the machine's. */
  readonly clock?: Clock | undefined
  readonly onTrouble: (sentence: string) => void
  /** The queues' disk cannot be trusted any more. */
  readonly onBroken: (error: SpillwayError) => void
}

/** Everything that runs without anybody waiting for it: queues, events, schedules, notifications. */
export interface Background {
  readonly queues: EmbeddedQueues
  readonly async: AsyncInvokes
  readonly mappings: Mappings
  readonly notifications: Notifications
  hasQueue(name: string): boolean
  /** Works for this App from now on; it has been checked (`checkCauses`). */
  configure(app: App): void
  /** Takes nothing more out of any queue, and nothing fires. What runs runs on: see `idle`. */
  stop(): Promise<void>
  /** Resolves when nothing runs, and the queues know how all of it ended. */
  idle(): Promise<void>
  /** Last: until then others may still send. */
  close(): Promise<void>
}

/** SQS's, where nothing is said. */
const VISIBILITY_TIMEOUT_S = 30

/**
 * Opens the queues, and what works for them; it begins with the first `configure`.
 * @throws {SpillwayError} SPILLWAY_DATA_DIR_TAKEN, SPILLWAY_QUEUE_BROKEN.
 */
export async function openBackground(options: BackgroundOptions): Promise<Background> {
  const { app, invoker, limits, dataDir, onTrouble, clock = realClock } = options
  const queues = await openQueues({
    ...options,
    accountId: app.accountId,
    region: app.region,
    dataDir,
    clock: options.clock,
  })
  let served = app
  const sources = openSources({
    invoker,
    queues,
    events: queues,
    clock,
    limits: () => limits.current(),
    visibilityTimeoutMs: (name) => timeoutOf(queues, name),
    openQueue: async (name) => void (await queues.define(name, { attributes: {}, tags: {} })),
    existing: queues.list().map(({ name }) => name),
    doors: destinationDoors(() => causes.notifications, clock),
    onLimits: () => limits.rebase(withSources(served.limits, sources.mappings)),
    onTrouble,
  })
  const causes = createCauses({
    clock,
    queues,
    fire: async (name, eventJson, cause) => await sources.fire(name, eventJson, cause),
    onTrouble,
    ...(dataDir === undefined ? {} : { dataDir }),
  })
  return {
    queues,
    async: sources.async,
    mappings: sources.mappings,
    notifications: causes.notifications,
    hasQueue: (name) => laneOf(name) === undefined && queues.get(name) !== undefined,
    configure(next) {
      served = next
      // In order: what is taken from a queue is asked for after it is there.
      defineQueues(queues, next.background?.queues ?? []).catch((error: unknown) => {
        onTrouble(`the queues are not as the manifest says: ${String(error)}`)
      })
      sources.configure(next)
      causes.configure(next)
      limits.rebase(withSources(next.limits, sources.mappings))
    },
    async stop() {
      causes.stop()
      await sources.stop()
    },
    idle: async () => await sources.idle(),
    close: async () => await queues.close(),
  }
}

function timeoutOf(queues: EmbeddedQueues, name: string): number {
  const given = queues.get(name)?.attributes['VisibilityTimeout']
  return (given === undefined ? VISIBILITY_TIMEOUT_S : Number(given)) * 1000
}
