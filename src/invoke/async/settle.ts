import { SpillwayError } from '../../lib/errors.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Message, Queues } from '../../queue/queue.ts'
import type { Outcome } from '../invocation.ts'
import { wasNotTried } from '../untried.ts'
import type { AsyncConfigs } from './config.ts'
import type { Condition, Ended } from './destination-record.ts'
import { toDestination, toGrave, type Doors, type Taken, type Telling } from './destinations.ts'
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

/**
 * Tells whoever is to be told first, and forgets the event then: the other way round it could be lost.
 * The last who is told is told in one step with that, where it is a queue beside the event's own.
 */
async function end(
  { message, event }: Tried,
  what: Omit<Ended, 'endedMs'>,
  parts: SettleParts,
): Promise<void> {
  const { queues, queue, clock, doors } = parts
  const { receiptHandle: handle } = message
  const ended: Ended = { ...what, endedMs: clock.wallMs() }
  const tellings = tellingsOf(ended, event, parts)
  for (const [i, telling] of tellings.entries()) {
    const isLast = i === tellings.length - 1
    const from = isLast ? { queue, handle } : undefined
    if (await untilTold(async () => await tell(telling, from, doors), ended, parts)) continue
    await queues.changeVisibility(queue, [{ receiptHandle: handle, timeoutMs: 0 }])
    return
  }
  await queues.delete(queue, [handle])
}

function tellingsOf(
  ended: Ended,
  event: AsyncEvent,
  { configs, doors, onTrouble }: SettleParts,
): Telling[] {
  const { onSuccess, onFailure, deadLetter } = configs.of(event.functionName, event.qualifier)
  if (ended.condition === 'Success') {
    return onSuccess === undefined ? [] : [toDestination(onSuccess, ended, doors)]
  }
  if (onFailure === undefined && deadLetter === undefined) {
    const what = `${nameOf(ended)} is given up (${ended.condition})`
    onTrouble(`${what}, and has neither a destination nor a dead-letter queue`)
  }
  return [
    ...(onFailure === undefined ? [] : [toDestination(onFailure, ended, doors)]),
    ...(deadLetter === undefined ? [] : [toGrave(deadLetter, ended, doors)]),
  ]
}

async function tell(telling: Telling, from: Taken | undefined, doors: Doors): Promise<void> {
  if (telling.queue === undefined) return await telling.tell()
  const { queue, message } = telling
  if (from === undefined || doors.transfer === undefined) await doors.send(queue, message)
  else await doors.transfer(from, queue, message)
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
