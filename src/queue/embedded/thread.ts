import { Worker } from 'node:worker_threads'
import { SpillwayError } from '../../lib/errors.ts'
import type { OpenOptions } from './open-database.ts'
import type { FromWorker, Kind, QueueFacts, Reply, ToWorker, Work, Works } from './protocol.ts'

/** The engine's thread, from outside. */
export interface Thread {
  /** The queues that there were when it opened. */
  readonly queues: readonly QueueFacts[]
  /** Has it do something, together with all else that is asked in this turn of the event loop. */
  begin<K extends Kind>(kind: K, queue: string, takes: Works[K]['takes']): Begun<Works[K]['gives']>
  ask<K extends Kind>(kind: K, queue: string, takes: Works[K]['takes']): Promise<Works[K]['gives']>
  close(): Promise<void>
}

interface Begun<T> {
  readonly id: number
  readonly answer: Promise<T>
}

export interface ThreadOptions {
  readonly directory: string
  readonly acceptWalLoss?: boolean
  readonly onTrouble: (sentence: string) => void
  readonly onBroken: (error: SpillwayError) => void
}

/** Who waits for an answer. */
export interface Asked {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

/** Beside this file, as TypeScript from the sources. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
)

/** @throws {SpillwayError} SPILLWAY_DATA_DIR_TAKEN, SPILLWAY_QUEUE_BROKEN. */
export async function openThread(options: ThreadOptions): Promise<Thread> {
  const { directory, acceptWalLoss = false, onTrouble } = options
  const workerData: OpenOptions = { directory, acceptWalLoss }
  const worker = new Worker(WORKER, { workerData })
  const asked = new Map<number, Asked>()
  const opened = Promise.withResolvers<readonly QueueFacts[]>()
  const closed = Promise.withResolvers<void>()
  let broken: SpillwayError | undefined
  const fail = (error: SpillwayError): void => {
    broken ??= error
    for (const { reject } of asked.values()) reject(error)
    asked.clear()
  }
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'replies') settle(asked, message.replies)
    else if (message.kind === 'trouble') onTrouble(message.sentence)
    else if (message.kind === 'open') opened.resolve(message.queues)
    else if (message.kind === 'closed') closed.resolve()
    else opened.reject(new SpillwayError(message.code, message.message))
  })
  worker.on('error', (error) => {
    const message = `the queues have stopped, and acknowledge nothing more: ${error.message}`
    const wrapped = new SpillwayError('SPILLWAY_QUEUE_BROKEN', message, { cause: error })
    opened.reject(wrapped)
    if (broken === undefined) options.onBroken(wrapped)
    fail(wrapped)
  })
  worker.on('exit', () => {
    closed.resolve()
    fail(isClosed())
  })
  const queues = await opened.promise
  const post = poster(worker)
  let lastId = 0
  const begin: Thread['begin'] = (kind, queue, takes) => {
    const id = ++lastId
    if (broken !== undefined) return { id, answer: Promise.reject(broken) }
    const { promise, resolve, reject } = Promise.withResolvers<never>()
    asked.set(id, { resolve, reject })
    post({ ...takes, id, kind, queue } as unknown as Work)
    return { id, answer: promise }
  }
  return {
    queues,
    begin,
    ask: async (kind, queue, takes) => await begin(kind, queue, takes).answer,
    async close() {
      post.flush()
      // Whoever asks from now on is told; who has asked is answered.
      broken ??= isClosed()
      tell(worker, { kind: 'close' })
      await closed.promise
      await worker.terminate()
    },
  }
}

/** Answers those who asked. */
export function settle(asked: Map<number, Asked>, replies: readonly Reply[]): void {
  for (const reply of replies) {
    const waiting = asked.get(reply.id)
    asked.delete(reply.id)
    if ('value' in reply) waiting?.resolve(reply.value as never)
    else waiting?.reject(new SpillwayError(reply.failure.code, reply.failure.message))
  }
}

/** Sends the work of one turn of the event loop together: one message for many. */
function poster(worker: Worker): { (work: Work): void; flush(): void } {
  let pending: Work[] = []
  const flush = (): void => {
    if (pending.length === 0) return
    const work = pending
    pending = []
    tell(worker, { kind: 'work', work })
  }
  const post = (work: Work): void => {
    if (pending.length === 0) setImmediate(flush)
    pending.push(work)
  }
  return Object.assign(post, { flush })
}

function tell(worker: Worker, message: ToWorker): void {
  worker.postMessage(message, [])
}

function isClosed(): SpillwayError {
  return new SpillwayError('SPILLWAY_QUEUE_BROKEN', 'the queues are closed')
}
