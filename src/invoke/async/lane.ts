import type { Clock } from '../../lib/clock.ts'
import { LONGEST_HIDDEN_MS } from '../../queue/hold.ts'
import type { Message, Queues } from '../../queue/queue.ts'
import type { Caller, Refused, Reservation, ReservingInvoker } from '../invocation.ts'
import { traceIdOf } from '../headers.ts'
import { Pump, type Begun } from '../pump.ts'
import type { AsyncConfigs } from './config.ts'
import type { Doors } from './destinations.ts'
import { fromMessage, queueOf, type AsyncEvent, type Lane } from './event.ts'
import { endUntried, settle, type Tried, type SettleParts } from './settle.ts'

export interface LaneOptions {
  readonly invoker: ReservingInvoker
  readonly queues: Queues
  readonly clock: Clock
  readonly configs: AsyncConfigs
  readonly doors: Doors
  /** Whether a function's reserved concurrency is 0. */
  readonly isOff: (functionName: string) => boolean
  /** What nobody else is told, in a sentence. */
  readonly onTrouble: (sentence: string) => void
}

/** How often the age of those is looked at that cannot run. */
const AGE_CHECK_MS = 10_000

/** Runs the events of one queue: those of a function that meet the same limits. */
export class AsyncLane {
  readonly #options: LaneOptions
  readonly #lane: Lane
  readonly #queue: string
  readonly #pump: Pump
  readonly #parts: SettleParts
  #ageCheck: Disposable
  #stopping = false

  constructor(lane: Lane, options: LaneOptions) {
    this.#options = options
    this.#lane = lane
    this.#queue = queueOf(lane)
    const { clock, onTrouble } = options
    const onError = (error: unknown): void => {
      onTrouble(`events of ${lane.functionName}: ${messageOf(error)}`)
    }
    this.#parts = {
      ...options,
      queue: this.#queue,
      stopping: () => this.#stopping,
      onError,
    }
    this.#pump = new Pump({
      clock,
      max: () => Infinity,
      waiting: async (signal) => await this.#waiting(signal),
      reserve: async (caller) => await this.#reserve(caller),
      begin: async (reservation) => await this.#begin(reservation),
      onTrouble: onError,
    })
    this.#ageCheck = this.#checkAgeLater()
  }

  get running(): number {
    return this.#pump.running
  }

  /** Takes no more events. What runs runs on. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#ageCheck[Symbol.dispose]()
    await this.#pump.stop()
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await this.#pump.idle()
  }

  async #waiting(signal: AbortSignal): Promise<number> {
    const { queues, isOff } = this.#options
    if (queues.ready === undefined) throw new Error('impossible: events wait in the embedded queue')
    const count = await queues.ready(this.#queue, { count: 1, waitMs: Infinity, signal })
    if (count === 0 || signal.aborted || !isOff(this.#lane.functionName)) return count
    await this.#endWhile('ZeroReservedConcurrency', () => isOff(this.#lane.functionName))
    return 0
  }

  async #reserve(caller: Caller): Promise<Reservation | Refused> {
    const { functionName, version, tenant } = this.#lane
    return await this.#options.invoker.reserve({
      functionName,
      source: 'event',
      deadlineMs: Infinity,
      caller,
      ...(version === undefined ? {} : { version }),
      ...(tenant === undefined ? {} : { tenant }),
    })
  }

  async #begin(reservation: Reservation): Promise<Begun | undefined> {
    const tried = await this.#receive().catch((error: unknown) => {
      reservation.release()
      throw error
    })
    if (tried === undefined) {
      reservation.release()
      return undefined
    }
    const why = this.#whyNot(tried)
    if (why === undefined) return { done: this.#run(reservation, tried) }
    reservation.release()
    return { done: endUntried(tried, why, this.#parts) }
  }

  async #receive(): Promise<Tried | undefined> {
    const [message] = await this.#options.queues.receive(this.#queue, {
      max: 1,
      waitMs: 0,
      // Nobody else receives them; what this process loses is there again at its next start.
      visibilityTimeoutMs: LONGEST_HIDDEN_MS,
    })
    return message === undefined ? undefined : { message, event: fromMessage(message) }
  }

  #whyNot({ message, event }: Tried): 'EventAgeExceeded' | 'Interrupted' | undefined {
    const { configs, clock } = this.#options
    const { eventAgeMaxMs, delivery } = configs.of(event.functionName, event.qualifier)
    if (delivery === 'at-most-once' && message.receiveCount > 1) return 'Interrupted'
    return clock.wallMs() - message.sentMs > eventAgeMaxMs ? 'EventAgeExceeded' : undefined
  }

  async #run(reservation: Reservation, tried: Tried): Promise<boolean> {
    const { requestId, payload, source, invokedArn, traceId, clientContext } = tried.event
    const outcome = await reservation.run({
      id: requestId,
      payload: { kind: 'json', json: Buffer.from(payload) },
      source,
      invokedArn,
      traceId: traceIdOf(traceId, requestId, this.#options.clock.wallMs()),
      ...(clientContext === undefined ? {} : { clientContext }),
    })
    return await settle({ ...tried, outcome }, this.#parts)
  }

  #checkAgeLater(): Disposable {
    return this.#options.clock.after(AGE_CHECK_MS, () => {
      void this.#checkAge().finally(() => {
        if (!this.#stopping) this.#ageCheck = this.#checkAgeLater()
      })
    })
  }

  /** What is too old is over, though it never had its turn. */
  async #checkAge(): Promise<void> {
    if (this.#pump.asking === 0) return
    try {
      await this.#endWhile(
        'EventAgeExceeded',
        (tried) => this.#whyNot(tried) === 'EventAgeExceeded',
      )
    } catch (error) {
      this.#parts.onError(error)
    }
  }

  /** Ends event after event without running it, until one comes that need not end. */
  async #endWhile(
    condition: 'EventAgeExceeded' | 'ZeroReservedConcurrency',
    isOver: (tried: Tried) => boolean,
  ): Promise<void> {
    for (let tried = await this.#receive(); tried !== undefined; tried = await this.#receive()) {
      if (this.#stopping || !isOver(tried)) return await this.#putBack(tried.message)
      await endUntried(tried, condition, this.#parts)
    }
  }

  async #putBack({ receiptHandle }: Message): Promise<void> {
    await this.#options.queues.putBack(this.#queue, [receiptHandle])
  }
}

/** An event of another lane than its own would meet the wrong limits. */
export function laneFor({ functionName, version, tenant }: AsyncEvent): Lane {
  return {
    functionName,
    ...(version === undefined ? {} : { version }),
    ...(tenant === undefined ? {} : { tenant }),
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
