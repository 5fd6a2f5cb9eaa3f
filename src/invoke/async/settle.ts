import { SpillwayError } from '../../lib/errors.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Message, Queues } from '../../queue/queue.ts'
import type { Outcome } from '../invocation.ts'
import { wasNotTried } from '../untried.ts'
import type { AsyncConfigs } from './config.ts'
import type { Condition, Ended } from './destination-record.ts'
import { bury, tell, type Doors } from './destinations.ts'
import type { AsyncEvent } from './event.ts'

/** An event that was taken out of its queue. */
export interface Tried {
  readonly message: Message
  readonly event: AsyncEvent
}

export interface SettleParts {
  readonly queues: Queues
  readonly queue: string
  readonly clock: Clock
  readonly configs: AsyncConfigs
  readonly doors: Doors
  readonly stopping: () => boolean
  readonly onTrouble: (sentence: string) => void
  readonly onError: (error: unknown) => void
}

/** From the end of a try to the next one ("Error handling for asynchronous invocation"). */
const RETRY_MS = [60_000, 120_000]
/** What the machine takes away is tried again though its function allows no retry; but not for ever. */
const INTERRUPTIONS_MAX = 3

/**
 * Has the queue know how a try ended: the event is over, or comes again. Resolves with false where the
 * function was never asked.
 */
export async function settle(
  tried: Tried & { readonly outcome: Outcome },
  parts: SettleParts,
): Promise<boolean> {
  const { message, event, outcome } = tried
  const { queues, queue, onError } = parts
  const handle = message.receiptHandle
  try {
    if (wasNotTried(outcome)) {
      await queues.putBack(queue, [handle])
      return false
    }
    const condition = conditionOf(tried, parts)
    if (condition === undefined) {
      const timeoutMs = RETRY_MS[message.receiveCount - 1] ?? RETRY_MS.at(-1) ?? 0
      await queues.changeVisibility(queue, [{ receiptHandle: handle, timeoutMs }])
    } else await end(tried, { event, condition, invokeCount: message.receiveCount, outcome }, parts)
  } catch (error) {
    onError(error)
  }
  return true
}

/** How an event is over; undefined where it is to be tried again. */
function conditionOf(
  { message: { receiveCount }, event, outcome }: Tried & { readonly outcome: Outcome },
  { configs }: SettleParts,
): Condition | undefined {
  if (outcome.status === 'ok') return 'Success'
  const { delivery, retryAttempts } = configs.of(event.functionName, event.qualifier)
  const wasInterrupted = outcome.status === 'interrupted'
  if (delivery === 'at-most-once') return wasInterrupted ? 'Interrupted' : 'RetriesExhausted'
  const triesMax = 1 + retryAttempts + (wasInterrupted ? INTERRUPTIONS_MAX : 0)
  return receiveCount < triesMax ? undefined : 'RetriesExhausted'
}

/** Ends an event that was taken, and not run. */
export async function endUntried(
  tried: Tried,
  condition: 'EventAgeExceeded' | 'ZeroReservedConcurrency' | 'Interrupted',
  parts: SettleParts,
): Promise<boolean> {
  const { message, event } = tried
  // This time it was taken to be ended.
  const invokeCount = message.receiveCount - 1
  try {
    await end(tried, { event, condition, invokeCount }, parts)
  } catch (error) {
    parts.onError(error)
  }
  return true
}

/** Tells whoever is to be told first, and forgets the event then: the other way round it could be lost. */
async function end(
  { message, event }: Tried,
  what: Omit<Ended, 'endedMs'>,
  parts: SettleParts,
): Promise<void> {
  const { queues, queue, clock, configs, doors, onTrouble } = parts
  const { onSuccess, onFailure, deadLetter } = configs.of(event.functionName, event.qualifier)
  const ended: Ended = { ...what, endedMs: clock.wallMs() }
  const destination = ended.condition === 'Success' ? onSuccess : onFailure
  const grave = ended.condition === 'Success' ? undefined : deadLetter
  const told =
    (destination === undefined ||
      (await untilTold(async () => await tell(destination, ended, doors), ended, parts))) &&
    (grave === undefined ||
      (await untilTold(async () => await bury(grave, ended, doors), ended, parts)))
  if (!told) {
    await queues.changeVisibility(queue, [{ receiptHandle: message.receiptHandle, timeoutMs: 0 }])
    return
  }
  if (ended.condition !== 'Success' && destination === undefined && grave === undefined) {
    onTrouble(
      `${nameOf(ended)} is given up (${ended.condition}), and has neither a destination nor a dead-letter queue`,
    )
  }
  await queues.delete(queue, [message.receiptHandle])
}

const TELL_PAUSE_MAX_MS = 60_000

/** False where the node stops before it could be told: then the event stays. */
async function untilTold(
  tellOnce: () => Promise<void>,
  ended: Ended,
  { stopping, clock, onTrouble }: SettleParts,
): Promise<boolean> {
  for (let pauseMs = 1000; ; pauseMs = Math.min(2 * pauseMs, TELL_PAUSE_MAX_MS)) {
    try {
      await tellOnce()
      return true
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      onTrouble(`the end of ${nameOf(ended)} cannot be told: ${why}`)
      // Lambda drops it, too, where a destination is not there or does not take it.
      if (SpillwayError.is(error) && error.fault === 'client') return true
      if (stopping()) return false
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
    }
  }
}

function nameOf({ event }: Ended): string {
  return `event ${event.requestId} of ${event.functionName}`
}
