import type { Clock } from '../lib/clock.ts'
import type { Message, Queues } from './queue.ts'

/** SQS's longest visibility timeout. */
export const LONGEST_HIDDEN_MS: number = 12 * 60 * 60_000

export interface HoldOptions {
  readonly queues: Queues
  readonly queue: string
  /** For how long they were hidden when they were received. */
  readonly hiddenMs: number
  /** For how long the queue hides what is not held. */
  readonly visibilityTimeoutMs: number
  readonly clock: Clock
  readonly onTrouble: (error: unknown) => void
}

/** Messages that are kept hidden while they are worked on. */
export interface Hold {
  /** These are gone, or were put back. */
  drop(messages: readonly Message[]): void
  /** These failed: they become visible when they would have by themselves. */
  fail(messages: readonly Message[]): Promise<void>
}

/**
 * Keeps messages hidden for as long as they are held: their timeout is extended whenever half of it
 * is over. On AWS a visibility timeout that is too short has a message run twice at once.
 */
export function hold(messages: readonly Message[], options: HoldOptions): Hold {
  const { queues, queue, clock, onTrouble } = options
  const hiddenMs = Math.min(Math.max(1000, options.hiddenMs), LONGEST_HIDDEN_MS)
  const sinceMs = clock.nowMs()
  const held = new Set(messages)
  let extended: Promise<unknown> | undefined
  const isLonger = options.hiddenMs > options.visibilityTimeoutMs
  let timer: Disposable

  const hide = async (some: Iterable<Message>, forMs: number): Promise<void> => {
    const changes = [...some].map(({ receiptHandle }) => ({ receiptHandle, timeoutMs: forMs }))
    try {
      await queues.changeVisibility(queue, changes)
    } catch (error) {
      onTrouble(error)
    }
  }
  const watch = (): void => {
    timer = clock.after(hiddenMs / 2, () => {
      extended = hide(held, hiddenMs)
      watch()
    })
  }
  const drop = (some: readonly Message[]): void => {
    for (const message of some) held.delete(message)
    if (held.size === 0) timer[Symbol.dispose]()
  }
  watch()

  return {
    drop,
    async fail(some) {
      drop(some)
      if (some.length === 0 || (extended === undefined && !isLonger)) return
      await extended
      const leftMs = sinceMs + options.visibilityTimeoutMs - clock.nowMs()
      await hide(some, Math.max(0, Math.ceil(leftMs)))
    },
  }
}
