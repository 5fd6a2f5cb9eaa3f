import { randomUUID } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import type { QueueSource } from '../../model/background.ts'
import type { Message, Queues } from '../../queue/queue.ts'
import type { Outcome, Refused, Reservation, Reserved } from '../../invoke/invocation.ts'
import { traceIdOf } from '../../invoke/headers.ts'
import { wasNotTried } from '../../invoke/untried.ts'
import { hold, type Hold } from '../../queue/hold.ts'
import { toRecord, type SqsRecord } from './record.ts'
import { failedIds } from './response.ts'

/** What the batches of one mapping share. */
export interface BatchParts {
  readonly source: QueueSource
  readonly queue: string
  readonly queues: Queues
  readonly clock: Clock
  readonly functionArn: string
  readonly hiddenMs: number
  readonly visibilityTimeoutMs: number
  /** Whether a message is for the function. */
  readonly isWanted: (record: SqsRecord) => boolean
  /** Messages that took their environment with them: these run alone. */
  readonly killers: Set<string>
  readonly reserve: () => Promise<Reservation | Refused>
  readonly stopping: () => boolean
  readonly onTrouble: (error: unknown) => void
}

/** Lambda's limit of a batch. */
const BATCH_BYTES_MAX = 6_291_456
const KILLERS_MAX = 1000

/**
 * Runs what was received, and has the queue know how it ended. Resolves with false where it could not
 * be run at all.
 */
export async function runBatch(
  reservation: Reservation,
  received: readonly Message[],
  parts: BatchParts,
): Promise<boolean> {
  const holding = hold(received, parts)
  const { batch, alone, unwanted, surplus } = sortOut(received, parts)
  // Before anything runs: it can run elsewhere at once.
  await Promise.all([finish(unwanted, holding, parts), putBack(surplus, holding, parts)])
  const [first, ...rest] = batch.length > 0 ? [batch, ...alone] : alone
  if (first === undefined) {
    reservation.release()
    return true
  }
  const [wasRun] = await Promise.all([
    runFirst(reservation, first, holding, parts),
    oneByOne(rest.flat(), holding, parts),
  ])
  return wasRun
}

interface Sorted {
  /** What runs together. */
  readonly batch: readonly Message[]
  /** What runs by itself. */
  readonly alone: readonly (readonly Message[])[]
  /** What the filter keeps out. */
  readonly unwanted: readonly Message[]
  /** What no payload has room for. */
  readonly surplus: readonly Message[]
}

function sortOut(received: readonly Message[], { source, isWanted, killers }: BatchParts): Sorted {
  const batch: Message[] = []
  const alone: Message[][] = []
  const unwanted: Message[] = []
  const surplus: Message[] = []
  let bytes = '{"Records":[]}'.length
  for (const message of received) {
    const record = toRecord(message, source)
    if (!isWanted(record)) unwanted.push(message)
    else if (killers.has(message.messageId)) alone.push([message])
    else {
      bytes += Buffer.byteLength(JSON.stringify(record)) + 1
      // Once one does not fit none of those behind it may go before it.
      const fits = surplus.length === 0 && (bytes <= BATCH_BYTES_MAX || batch.length === 0)
      if (fits) batch.push(message)
      else surplus.push(message)
    }
  }
  return { batch, alone, unwanted, surplus }
}

async function runFirst(
  reservation: Reservation,
  batch: readonly Message[],
  holding: Hold,
  parts: BatchParts,
): Promise<boolean> {
  const outcome = await reservation.run(toReserved(batch, parts))
  if (!tookItsEnvironment(outcome) || batch.length === 1) {
    return await settle(outcome, batch, holding, parts)
  }
  // One of them did it: each is tried by itself, in the same receive, so that none pays for another.
  await oneByOne(batch, holding, parts)
  return true
}

/**
 * One at a time, in order. In a FIFO queue nothing of a group goes before what failed in it; and when
 * all is to stop the rest waits in the queue.
 */
async function oneByOne(
  messages: readonly Message[],
  holding: Hold,
  parts: BatchParts,
): Promise<void> {
  const failedGroups = new Set<string>()
  const isFifo = parts.queue.endsWith('.fifo')
  for (const message of messages) {
    const { groupId } = message
    const isBehind = isFifo && groupId !== undefined && failedGroups.has(groupId)
    const reservation = isBehind ? undefined : await reserveAnyhow(parts)
    if (reservation === undefined) {
      // Its turn has not come: what went before it is no failure of its own.
      await putBack([message], holding, parts)
      continue
    }
    const outcome = await reservation.run(toReserved([message], parts))
    await settle(outcome, [message], holding, parts)
    if (outcome.status !== 'ok' && groupId !== undefined) failedGroups.add(groupId)
  }
}

/** What is hidden already waits for its turn, however long; undefined when there will be none. */
async function reserveAnyhow(parts: BatchParts): Promise<Reservation | undefined> {
  while (!parts.stopping()) {
    const answer = await parts.reserve()
    if (answer.kind === 'reserved') return answer
    await new Promise<void>((resolve) => parts.clock.after(1000, resolve))
  }
  return undefined
}

function toReserved(
  batch: readonly Message[],
  { source, functionArn, clock }: BatchParts,
): Reserved {
  const id = randomUUID()
  const Records = batch.map((message) => toRecord(message, source))
  return {
    id,
    payload: { kind: 'json', json: Buffer.from(JSON.stringify({ Records })) },
    invokedArn: functionArn,
    // A batch of one goes on with its own trace.
    traceId: traceIdOf(batch.length === 1 ? batch[0]?.traceHeader : undefined, id, clock.wallMs()),
  }
}

async function settle(
  outcome: Outcome,
  batch: readonly Message[],
  holding: Hold,
  parts: BatchParts,
): Promise<boolean> {
  const { killers, source } = parts
  if (wasNotTried(outcome)) {
    await putBack(batch, holding, parts)
    return false
  }
  const [only] = batch
  if (batch.length === 1 && only !== undefined && tookItsEnvironment(outcome)) {
    remember(killers, only.messageId)
  }
  const failed = outcome.status === 'ok' ? failedOf(outcome, batch, source) : new Set(batch)
  const done = batch.filter((message) => !failed.has(message))
  await Promise.all([holding.fail([...failed]), finish(done, holding, parts)])
  return true
}

function failedOf(
  outcome: Extract<Outcome, { status: 'ok' }>,
  batch: readonly Message[],
  { partialFailures }: QueueSource,
): Set<Message> {
  if (!partialFailures || outcome.result.kind !== 'json') return new Set()
  const ids = failedIds(
    outcome.result.json,
    batch.map(({ messageId }) => messageId),
  )
  return new Set(batch.filter(({ messageId }) => ids.has(messageId)))
}

const ENDED_BY = new Set(['exit', 'oom', 'uncaught', 'protocol', 'timeout', 'interrupted'])

/** Whether the process ended under it, so that nobody can say what it did with which message. */
function tookItsEnvironment({ failure }: Outcome): boolean {
  return failure !== undefined && ENDED_BY.has(failure.reason)
}

async function finish(done: readonly Message[], holding: Hold, parts: BatchParts): Promise<void> {
  const { queues, queue, killers, onTrouble } = parts
  if (done.length === 0) return
  holding.drop(done)
  for (const { messageId } of done) killers.delete(messageId)
  try {
    await queues.delete(queue, handlesOf(done))
  } catch (error) {
    // They come again: at least once is the promise.
    onTrouble(error)
  }
}

async function putBack(some: readonly Message[], holding: Hold, parts: BatchParts): Promise<void> {
  const { queues, queue, onTrouble } = parts
  if (some.length === 0) return
  holding.drop(some)
  try {
    await queues.putBack(queue, handlesOf(some))
  } catch (error) {
    onTrouble(error)
  }
}

function handlesOf(messages: readonly Message[]): string[] {
  return messages.map(({ receiptHandle }) => receiptHandle)
}

/** The oldest is forgotten first. */
function remember(killers: Set<string>, messageId: string): void {
  killers.add(messageId)
  const [oldest] = killers
  if (killers.size > KILLERS_MAX && oldest !== undefined) killers.delete(oldest)
}
