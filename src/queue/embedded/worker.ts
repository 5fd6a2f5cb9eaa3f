import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import { realClock } from '../../lib/clock.ts'
import { openReserve } from './disk-reserve.ts'
import { Engine } from './engine.ts'
import { openDatabase, OpenError, type OpenOptions } from './open-database.ts'
import type { FromWorker, ToWorker, Work } from './protocol.ts'

/** The thread of the embedded queue: a write to the disk stops it, and nobody else. */
const port = parentPort as MessagePort
const tell = (message: FromWorker): void => port.postMessage(message)
/** Of one transaction: who is in it waits for all of it, and the log must have room for it. */
const WEIGHT_MAX = 4096
/** So much text weighs as much as a message without any: 8 MiB are a whole transaction. */
const CHARS_EACH = 2048

await start(workerData as OpenOptions).catch((error: unknown) => {
  const code = error instanceof OpenError ? error.code : 'SPILLWAY_QUEUE_BROKEN'
  tell({ kind: 'refused', code, message: error instanceof Error ? error.message : String(error) })
  port.close()
})

async function start(options: OpenOptions): Promise<void> {
  const database = await openDatabase(options)
  const reserve = openReserve(options.directory, () => realClock.nowMs())
  const engine = new Engine(database.db, {
    clock: realClock,
    reserve,
    reply: (replies) => tell({ kind: 'replies', replies }),
    trouble: (sentence) => tell({ kind: 'trouble', sentence }),
  })
  tell({ kind: 'open', queues: engine.queues() })
  reserve.renew()
  let closed = false
  port.on('message', (first: ToWorker) => {
    // What was on its way when it was closed.
    if (closed) return
    let message: ToWorker | undefined = first
    while (message?.kind === 'work') {
      const work = [...message.work]
      message = take()
      // All that came while the last transaction was written goes into this one.
      for (let size = sizeOf(work); message?.kind === 'work' && size < WEIGHT_MAX;) {
        work.push(...message.work)
        size += sizeOf(message.work)
        message = take()
      }
      engine.run(work)
    }
    if (message === undefined) return
    closed = true
    engine.close()
    database.close()
    tell({ kind: 'closed' })
    port.close()
  })
}

function take(): ToWorker | undefined {
  return receiveMessageOnPort(port)?.message as ToWorker | undefined
}

function sizeOf(work: readonly Work[]): number {
  return work.reduce((sum, each) => sum + weightOf(each), 0)
}

function weightOf(work: Work): number {
  if (work.kind === 'send') {
    return work.messages.reduce((sum, { body }) => sum + 1 + body.length / CHARS_EACH, 0)
  }
  return work.kind === 'delete' ? work.handles.length : 1
}
