import type { Clock } from '../../lib/clock.ts'
import { openReserve } from './disk-reserve.ts'
import { Engine } from './engine.ts'
import { openDatabase, OpenError } from './open-database.ts'
import type { Work } from './protocol.ts'
import { SpillwayError } from '../../lib/errors.ts'
import { settle, type Asked, type Thread, type ThreadOptions } from './thread.ts'

/**
 * The engine in this very thread, on a clock of one's own: a worker has its own time. Each piece of
 * work is a transaction by itself.
 * @throws {SpillwayError} SPILLWAY_DATA_DIR_TAKEN, SPILLWAY_QUEUE_BROKEN.
 */
export async function openHere(clock: Clock, options: ThreadOptions): Promise<Thread> {
  const { directory, acceptWalLoss = false, onTrouble } = options
  const database = await openDatabase({ directory, acceptWalLoss }).catch((error: unknown) => {
    throw error instanceof OpenError ? new SpillwayError(error.code, error.message) : error
  })
  const asked = new Map<number, Asked>()
  const engine = new Engine(database.db, {
    clock,
    reserve: openReserve(directory, () => clock.nowMs()),
    reply: (replies) => settle(asked, replies),
    trouble: onTrouble,
  })
  let lastId = 0
  let closed = false
  const begin: Thread['begin'] = (kind, queue, takes) => {
    const id = ++lastId
    const { promise, resolve, reject } = Promise.withResolvers<never>()
    asked.set(id, { resolve, reject })
    if (closed) reject(new SpillwayError('SPILLWAY_QUEUE_BROKEN', 'the queues are closed'))
    else engine.run([{ ...takes, id, kind, queue } as unknown as Work])
    return { id, answer: promise }
  }
  return {
    queues: engine.queues(),
    begin,
    ask: async (kind, queue, takes) => await begin(kind, queue, takes).answer,
    async close() {
      closed = true
      engine.close()
      database.close()
    },
  }
}
