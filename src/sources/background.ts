import type { Notifications } from '../bus/notifications.ts'
import type { LiveLimits } from '../gate/limits/live-limits.ts'
import type { AsyncInvokes } from '../invoke/async/async-invokes.ts'
import { laneOf } from '../invoke/async/event.ts'
import type { ReservingInvoker } from '../invoke/invocation.ts'
import { realClock, type Clock } from '../lib/clock.ts'
import { SpillwayError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { App } from '../model/app.ts'
import type { EmbeddedQueues } from '../queue/embedded/embedded.ts'
import { defineQueues, openQueues } from '../queue/open-queues.ts'
import type { Queues } from '../queue/queue.ts'
import { openSqsQueues } from '../queue/sqs/sqs-queues.ts'
import { createCauses } from './causes.ts'
import { destinationDoors } from './destination-doors.ts'
import { openSources } from './open-sources.ts'
import { announced, type Announced } from './queue/announced.ts'
import { withSources, type Mappings } from './queue/mappings.ts'

export interface BackgroundOptions {
  readonly app: App
  readonly invoker: ReservingInvoker
  readonly limits: LiveLimits
  /** `dev` never touches a queue of AWS. Default `start`. */
  readonly mode?: 'dev' | 'start'
  /** Where what waits is kept. Default: nothing survives this process. */
  readonly dataDir?: string
  /** Of what waits in queues. Default: the machine's. */
  readonly queueClock?: Clock
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  /** The queues' disk cannot be trusted any more; it is in the log. Default: no more than that. */
  readonly onBroken?: ((error: SpillwayError) => void) | undefined
}

/** Everything that runs without anybody waiting for it: queues, events, schedules, notifications. */
export interface Background {
  readonly queues: EmbeddedQueues
  readonly async: AsyncInvokes
  readonly mappings: Mappings
  readonly notifications: Notifications
  /** Whoever waits for messages from outside is answered now, with none. */
  readonly stopping: AbortSignal
  hasQueue(name: string): Promise<boolean>
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
  const { app, dataDir, log, mode = 'start', queueClock: clock } = options
  const queues = await openQueues({
    mode,
    dataDir,
    clock,
    accountId: app.accountId,
    region: app.region,
    onTrouble: (sentence) => log.warn(sentence),
    onBroken(error) {
      log.error(error)
      options.onBroken?.(error)
    },
  })
  // Who is told that this server is ready may send to them.
  await defineQueues(queues, app.background?.queues ?? [])
  return work(options, queues, await takenFrom(options, queues))
}

/** Has everything work on these queues, with messages of those that are taken from. */
function work(options: BackgroundOptions, queues: EmbeddedQueues, taken: Announced): Background {
  const { app, invoker, limits, dataDir, log, queueClock: clock = realClock } = options
  const onTrouble = (sentence: string): void => log.warn(sentence)
  const stopping = new AbortController()
  let served = app
  const sources = openSources({
    invoker,
    queues: taken.queues,
    events: queues,
    clock,
    limits: () => limits.current(),
    visibilityTimeoutMs: (name) => taken.visibilityTimeoutMs(name),
    openQueue: async (name) => void (await queues.define(name, { attributes: {}, tags: {} })),
    existing: queues.list().map(({ name }) => name),
    doors: destinationDoors(() => causes.notifications, clock),
    onLimits: () => limits.rebase(withSources(served.limits, sources.mappings)),
    onTrouble,
  })
  const causes = createCauses({
    clock,
    queues: taken.queues,
    fire: async (name, eventJson, cause) => await sources.fire(name, eventJson, cause),
    onTrouble,
    ...(dataDir === undefined ? {} : { dataDir }),
  })
  return {
    queues,
    async: sources.async,
    mappings: sources.mappings,
    notifications: causes.notifications,
    stopping: stopping.signal,
    hasQueue: async (name) => await hasQueue(taken.queues, queues, name),
    configure(next) {
      if (next.queues !== app.queues)
        onTrouble('`queues` was changed: it holds from the next start')
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
      stopping.abort()
      causes.stop()
      await sources.stop()
    },
    idle: async () => await sources.idle(),
    async close() {
      if (taken.queues !== queues) await taken.queues.close()
      await queues.close()
    },
  }
}

/**
 * Where mappings take from: queues of this server, or SQS. That is never touched while developing, and
 * only where it was written down.
 */
async function takenFrom(
  { app, mode = 'start', log }: BackgroundOptions,
  embedded: EmbeddedQueues,
): Promise<Announced> {
  const here = {
    queues: embedded,
    visibilityTimeoutMs: (name: string): number => timeoutOf(embedded, name),
  }
  if (app.queues !== 'aws') return here
  if (mode === 'start') {
    return announced(await openSqsQueues({ region: app.region }), (line) => log.info(line))
  }
  log.warn('queues: aws is for `start`; `dev` has queues of its own, and touches none in AWS')
  return here
}

async function hasQueue(queues: Queues, embedded: EmbeddedQueues, name: string): Promise<boolean> {
  if (queues === embedded) return laneOf(name) === undefined && embedded.get(name) !== undefined
  try {
    await queues.counts(name)
    return true
  } catch (error) {
    if (SpillwayError.is(error) && error.code === 'SPILLWAY_QUEUE_NOT_FOUND') return false
    throw error
  }
}

function timeoutOf(queues: EmbeddedQueues, name: string): number {
  const given = queues.get(name)?.attributes['VisibilityTimeout']
  return (given === undefined ? VISIBILITY_TIMEOUT_S : Number(given)) * 1000
}
