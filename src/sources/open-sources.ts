import { randomUUID } from 'node:crypto'
import { createAsyncInvokes, type AsyncInvokes } from '../invoke/async/async-invokes.ts'
import type { Doors } from '../invoke/async/destinations.ts'
import { traceIdOf } from '../invoke/headers.ts'
import type { BackgroundSource, ReservingInvoker } from '../invoke/invocation.ts'
import type { Clock } from '../lib/clock.ts'
import { SpillwayError } from '../lib/errors.ts'
import type { App } from '../model/app.ts'
import { functionArn, parseFunctionReference } from '../model/arn.ts'
import type { LimitsConfig } from '../model/limits.ts'
import type { Queues } from '../queue/queue.ts'
import { createMappings, type Mappings } from './queue/mappings.ts'

export interface SourcesOptions {
  readonly invoker: ReservingInvoker
  /** What mappings receive from. */
  readonly queues: Queues
  /** What events wait in: the embedded queue, wherever the others are. */
  readonly events: Queues
  readonly clock: Clock
  readonly limits: () => LimitsConfig
  readonly visibilityTimeoutMs: (queue: string) => number
  /** Makes a queue for events where it is not there yet. */
  readonly openQueue: (name: string) => Promise<void>
  /** The queues there are from before. */
  readonly existing: readonly string[]
  /** Topics and event buses, where they are served. */
  readonly doors: Partial<Pick<Doors, 'publish' | 'putEvent'>>
  readonly onLimits: () => void
  readonly onTrouble: (sentence: string) => void
}

/** What causes invocations without anybody waiting: events and queues. */
export interface Sources {
  readonly async: AsyncInvokes
  readonly mappings: Mappings
  /** Has a function run for an event, by and by; resolves once that can no longer be lost. */
  fire(functionName: string, eventJson: string, source: BackgroundSource): Promise<void>
  configure(app: App): void
  /** Takes nothing more out of any queue. What runs runs on: see `idle`. */
  stop(): Promise<void>
  /** Resolves when nothing runs, and the queues know how all of it ended. */
  idle(): Promise<void>
}

/** Opens what works for queues and events; it begins with the first `configure`. */
export function openSources(options: SourcesOptions): Sources {
  const { invoker, queues, clock, limits, onTrouble } = options
  let app: App | undefined
  const fire: Sources['fire'] = async (name, payload, source) => {
    const requestId = randomUUID()
    const accepted = await async.accept({
      requestId,
      functionName: name,
      payload,
      source,
      invokedArn: functionArn(app?.region ?? '', app?.accountId ?? '', name),
      executedVersion: '$LATEST',
      traceId: traceIdOf(undefined, requestId, clock.wallMs()),
    })
    if (!accepted) throw new Error('this node is stopping')
  }
  const doors: Doors = {
    send: async (queue, message) => void (await queues.send(queue, [message])),
    ...(queues === options.events ? transferDoor(queues) : {}),
    async invoke(arn, payload) {
      const name = parseFunctionReference(arn)?.name ?? ''
      if (app?.functions.some((fn) => fn.name === name) !== true) {
        throw new SpillwayError('SPILLWAY_FUNCTION_NOT_FOUND', `there is no function ${name}`)
      }
      await fire(name, payload, 'event')
    },
    publish: async () => await Promise.reject(new Error('topics are not served here')),
    putEvent: async () => await Promise.reject(new Error('event buses are not served here')),
    ...options.doors,
  }
  const async: AsyncInvokes = createAsyncInvokes({
    ...options,
    queues: options.events,
    doors,
    isOff: (name) => limits().functions[name]?.reservedConcurrency === 0,
    perTenant: (name) => limits().functions[name]?.perTenant !== undefined,
  })
  const mappings = createMappings({ ...options, invoker, queues, clock, onTrouble })
  return {
    async,
    mappings,
    fire,
    configure(next) {
      app = next
      async.configure(next)
      mappings.configure(next)
    },
    stop: async () => void (await Promise.all([async.stop(), mappings.stop()])),
    idle: async () => void (await Promise.all([async.idle(), mappings.idle()])),
  }
}

/** In one step, where the queue of the events is the one that is told, too. */
function transferDoor(queues: Queues): Pick<Doors, 'transfer'> {
  if (queues.transfer === undefined) return {}
  const transfer = queues.transfer.bind(queues)
  return {
    async transfer({ queue, handle }, target, message) {
      await transfer(queue, handle, { queue: target, message })
    },
  }
}
