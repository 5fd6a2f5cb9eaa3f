import type { QueueSource } from '../../model/background.ts'
import type { Message, Queues } from '../../queue/queue.ts'
import { hold, type Hold, type HoldOptions } from '../../queue/hold.ts'

/** Where a mapping's batches come from. */
export interface Inlet {
  /** How many batches there are; resolves once there is one, or with 0 when the signal aborts. */
  waiting(signal: AbortSignal): Promise<number>
  /** A batch; empty where others were faster. */
  take(): Promise<readonly Message[]>
  /** What was received and not taken is visible again. */
  close(): Promise<void>
}

type Sizes = Pick<QueueSource, 'batchSize' | 'windowMs'>

/** What one receive brings at most, as on SQS. */
const RECEIVE_MAX = 10
/** SQS's longest wait for a message. */
const LONG_POLL_MS = 20_000

/** Looks into the queue where it can be looked into; otherwise it has to receive to see. */
export function openInlet(options: HoldOptions, sizes: Sizes): Inlet {
  const { queues } = options
  if (queues.ready === undefined) return scouting(options, sizes)
  return looking(options, sizes, queues.ready.bind(queues))
}

/** The queue says what is in it: nothing is received before it can be run. */
function looking(
  options: HoldOptions,
  { batchSize, windowMs }: Sizes,
  ready: NonNullable<Queues['ready']>,
): Inlet {
  const { queue } = options
  return {
    async waiting(signal) {
      const some = await ready(queue, { count: 1, waitMs: Infinity, signal })
      if (signal.aborted || some === 0) return 0
      if (windowMs === 0 || some >= batchSize) return Math.ceil(some / batchSize)
      const more = await ready(queue, { count: batchSize, waitMs: windowMs, signal })
      return signal.aborted ? 0 : Math.ceil(more / batchSize)
    },
    take: async () => await receive(options, batchSize, 0),
    close: async () => {},
  }
}

/**
 * SQS shows its messages to those alone who receive them. So one batch is received in advance, and
 * kept hidden until it can run: to let go of it would count as a try.
 */
function scouting(options: HoldOptions, { batchSize, windowMs }: Sizes): Inlet {
  const { queues, queue, clock } = options
  let kept: { readonly messages: Message[]; readonly hold: Hold }[] = []
  const count = (): number => kept.reduce((sum, { messages }) => sum + messages.length, 0)
  const scout = async (waitMs: number, signal: AbortSignal): Promise<boolean> => {
    const max = Math.min(RECEIVE_MAX, batchSize - count())
    const messages = await queues.receive(queue, {
      max,
      waitMs,
      visibilityTimeoutMs: options.hiddenMs,
      signal,
    })
    if (messages.length > 0) kept.push({ messages: [...messages], hold: hold(messages, options) })
    return messages.length > 0
  }
  const takeKept = (): Message[] => {
    const all = kept.flatMap(({ messages }) => messages)
    for (const { messages, hold: each } of kept) each.drop(messages)
    kept = []
    return all
  }
  return {
    async waiting(signal) {
      while (count() === 0 && !signal.aborted) await scout(LONG_POLL_MS, signal)
      const untilMs = clock.nowMs() + windowMs
      const leftMs = (): number => untilMs - clock.nowMs()
      while (leftMs() > 0 && count() < batchSize && !signal.aborted) {
        await scout(Math.min(leftMs(), LONG_POLL_MS), signal)
      }
      // Where one was, more may be; whoever comes for nothing says so.
      return count() === 0 ? 0 : 2
    },
    async take() {
      const first = takeKept()
      if (first.length >= batchSize) return first
      return [...first, ...(await receive(options, batchSize - first.length, 0))]
    },
    async close() {
      const handles = takeKept().map(({ receiptHandle }) => receiptHandle)
      if (handles.length > 0) await queues.putBack(queue, handles)
    },
  }
}

async function receive(
  { queues, queue, hiddenMs }: HoldOptions,
  count: number,
  waitMs: number,
): Promise<Message[]> {
  const batch: Message[] = []
  while (batch.length < count) {
    const max = Math.min(RECEIVE_MAX, count - batch.length)
    const some = await queues.receive(queue, {
      max,
      waitMs,
      visibilityTimeoutMs: hiddenMs,
    })
    batch.push(...some)
    if (some.length < max) break
  }
  return batch
}
