import { Pump } from '../../invoke/pump.ts'
import type { ReservingInvoker } from '../../invoke/invocation.ts'
import type { Clock } from '../../lib/clock.ts'
import type { QueueSource } from '../../model/background.ts'
import type { Message, Queues } from '../../queue/queue.ts'
import { LONGEST_HIDDEN_MS } from '../../queue/hold.ts'
import { runBatch, type BatchParts } from './batch.ts'
import { compileRecordFilter } from '../../bus/record-filter.ts'
import { openInlet, type Inlet } from './inlet.ts'
import type { Scale } from './scale.ts'

export interface MappingOptions {
  readonly invoker: ReservingInvoker
  readonly queues: Queues
  readonly clock: Clock
  /** Of the queue, now. */
  readonly visibilityTimeoutMs: () => number
  readonly functionArn: string
  readonly scale: Scale
  /** Something went wrong, in a sentence. */
  readonly onTrouble: (sentence: string) => void
}

/** One event source mapping that is enabled: takes batches from its queue and has its function run them. */
export class Mapping {
  readonly source: QueueSource
  readonly #inlet: Inlet
  readonly #pump: Pump
  #stopping = false

  constructor(source: QueueSource, options: MappingOptions) {
    const { invoker, queues, clock, scale, onTrouble } = options
    this.source = source
    const queue = queueNameOf(source.queueArn)
    const trouble = (error: unknown): void => onTrouble(`${source.name}: ${messageOf(error)}`)
    const { functionName, name: mapping } = source
    const wish = { functionName, source: 'queue', mapping, deadlineMs: Infinity } as const
    const looks = queues.ready !== undefined
    const parts: BatchParts = {
      source,
      queue,
      queues,
      clock,
      functionArn: options.functionArn,
      // Of the embedded queue nobody else receives what this process loses: it shows all at its start.
      get hiddenMs() {
        return looks ? LONGEST_HIDDEN_MS : options.visibilityTimeoutMs()
      },
      get visibilityTimeoutMs() {
        return options.visibilityTimeoutMs()
      },
      isWanted: compileRecordFilter(source.filterPatterns),
      killers: new Set(),
      reserve: async () => await invoker.reserve(wish),
      stopping: () => this.#stopping,
      onTrouble: trouble,
    }
    this.#inlet = openInlet(parts, source)
    this.#pump = new Pump({
      clock,
      max: () => scale.max(),
      waiting: async (signal) => {
        const waiting = await this.#inlet.waiting(signal)
        scale.setBusy(waiting > 0)
        return waiting
      },
      reserve: async (caller) => await invoker.reserve({ ...wish, caller }),
      begin: async (reservation) => {
        const received = await takeOr(this.#inlet, () => reservation.release())
        if (received.length > 0) return { done: runBatch(reservation, received, parts) }
        reservation.release()
        return undefined
      },
      onTrouble: trouble,
    })
  }

  /** Batches that run. */
  get running(): number {
    return this.#pump.running
  }

  /** Receives nothing more; resolves once nothing that was received waits. What runs runs on. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#pump.stop()
    await this.#inlet.close()
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await this.#pump.idle()
  }
}

async function takeOr(inlet: Inlet, giveUp: () => void): Promise<readonly Message[]> {
  try {
    return await inlet.take()
  } catch (error) {
    giveUp()
    throw error
  }
}

/** `arn:aws:sqs:us-east-1:123456789012:leads` is `leads`. */
export function queueNameOf(queueArn: string): string {
  return queueArn.slice(queueArn.lastIndexOf(':') + 1)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
