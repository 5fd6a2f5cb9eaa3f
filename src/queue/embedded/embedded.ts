import type { Clock } from '../../lib/clock.ts'
import { SpillwayError } from '../../lib/errors.ts'
import type { Message, Queues } from '../queue.ts'
import type { QueueFacts, RawMessage, Works } from './protocol.ts'
import { openHere } from './here.ts'
import { openThread, type Thread } from './thread.ts'

/** The queues of this process: in a file, and in a thread of their own. */
export interface EmbeddedQueues extends Queues {
  readonly ready: NonNullable<Queues['ready']>
  /** By name, events' queues included. */
  list(): readonly QueueFacts[]
  get(name: string): QueueFacts | undefined
  /** Makes a queue, or gives one that is there other attributes and tags. Its messages stay. */
  define(name: string, given: Pick<QueueFacts, 'attributes' | 'tags'>): Promise<QueueFacts>
  /** Everything in it is gone. */
  purge(name: string): Promise<void>
  remove(name: string): Promise<void>
}

export interface EmbeddedOptions {
  /** Where the file is; one process has it at a time. */
  readonly directory: string
  /** What `SenderId` says of who sent a message. */
  readonly senderId: string
  readonly arnOf: (queue: string) => string
  /** Whose time it is; with one, all is done in this thread. Default: the machine's, in one of its own. */
  readonly clock?: Clock
  /** Go on although acknowledged transactions cannot be read any more. Default false. */
  readonly acceptWalLoss?: boolean
  /** Something that somebody should know, in a sentence. */
  readonly onTrouble: (sentence: string) => void
  /** Nothing can be taken or given any more: what the disk has is not known. */
  readonly onBroken: (error: SpillwayError) => void
}

/**
 * Opens the queues of a folder, or makes it. What it acknowledges is on the disk.
 * @throws {SpillwayError} SPILLWAY_DATA_DIR_TAKEN where another process has them, SPILLWAY_QUEUE_BROKEN
 *   where they are not what was written.
 */
export async function openEmbeddedQueues(options: EmbeddedOptions): Promise<EmbeddedQueues> {
  const { arnOf, senderId } = options
  const { clock } = options
  const thread = await (clock === undefined ? openThread(options) : openHere(clock, options))
  const facts = new Map(thread.queues.map((each) => [each.name, each]))
  const toMessage = ({ deadLetterSource, ...message }: RawMessage): Message => ({
    ...message,
    senderId,
    ...(deadLetterSource === undefined ? {} : { deadLetterSourceArn: arnOf(deadLetterSource) }),
  })
  const putBack = async (queue: string, handles: readonly string[]): Promise<void> =>
    await thread.ask('putBack', queue, { handles })
  return {
    list: () => [...facts.values()],
    get: (name) => facts.get(name),
    send: async (queue, messages) => await thread.ask('send', queue, { messages }),
    async receive(queue, { signal, ...how }) {
      const raw = await waitable(thread, 'receive', { queue, signal, nothing: [], ...how })
      // Taken in the moment of the abort: nobody is there to have them.
      if (signal?.aborted !== true || raw.length === 0) return raw.map(toMessage)
      await putBack(
        queue,
        raw.map(({ receiptHandle }) => receiptHandle),
      )
      return []
    },
    ready: async (queue, { signal, ...how }) =>
      await waitable(thread, 'ready', { queue, signal, nothing: 0, ...how }),
    transfer: async (queue, handle, to) =>
      await thread.ask('transfer', queue, { handle, target: to.queue, message: to.message }),
    delete: async (queue, handles) => await thread.ask('delete', queue, { handles }),
    changeVisibility: async (queue, changes) =>
      await thread.ask('changeVisibility', queue, { changes }),
    putBack,
    counts: async (queue) => await thread.ask('counts', queue, {}),
    async define(name, given) {
      const defined = await thread.ask('define', name, given)
      facts.set(name, defined)
      return defined
    },
    purge: async (name) => await thread.ask('purge', name, {}),
    async remove(name) {
      await thread.ask('remove', name, {})
      facts.delete(name)
    },
    close: async () => await thread.close(),
  }
}

interface Waitable<T> {
  readonly queue: string
  readonly signal: AbortSignal | undefined
  readonly nothing: T
}

/** Work whose wait an abort ends; it is answered all the same, with nothing, or what it has just got. */
async function waitable<K extends 'receive' | 'ready'>(
  thread: Thread,
  kind: K,
  { queue, signal, nothing, ...takes }: Waitable<Works[K]['gives']> & Works[K]['takes'],
): Promise<Works[K]['gives']> {
  if (signal?.aborted === true) return nothing
  const { id, answer } = thread.begin(kind, queue, takes as unknown as Works[K]['takes'])
  const giveUp = (): void => {
    thread.ask('giveUp', queue, { workId: id }).catch(() => {})
  }
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    return await answer
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

export { isHandle } from './handle.ts'
export { QUEUE_FILE } from './open-database.ts'
export type { QueueFacts }
