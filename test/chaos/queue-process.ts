import { writeSync } from 'node:fs'
import { openEmbeddedQueues } from '../../src/queue/embedded/embedded.ts'

/**
 * Queues under load, to be killed: `queue-process.ts <folder> <first number>`. Says on stdout what was
 * acknowledged, in the moment it is: what is in the pipe outlives this process.
 */
const [directory = '', first = '0'] = process.argv.slice(2)
const PLAIN_SENDERS = 6
const GROUPS = 4
const RECEIVERS = 3

const say = (word: string, ids: readonly string[]): void => {
  if (ids.length > 0) writeSync(1, ids.map((id) => `${word} ${id}\n`).join(''))
}
const queues = await openEmbeddedQueues({
  directory,
  senderId: '',
  arnOf: (name) => name,
  onTrouble: (sentence) => console.error(sentence),
  onBroken: () => process.exit(75),
})
await queues.define('plain', { attributes: {}, tags: {} })
await queues.define('line.fifo', { attributes: { FifoQueue: 'true' }, tags: {} })
writeSync(1, 'ready\n')

let number = Number(first)

async function sendPlain(): Promise<void> {
  for (;;) {
    const count = 1 + Math.floor(Math.random() * 10)
    const ids = Array.from({ length: count }, () => `plain-${number++}`)
    await queues.send(
      'plain',
      ids.map((body) => ({ body })),
    )
    say('sent', ids)
  }
}

async function sendInGroup(group: string): Promise<void> {
  for (;;) {
    const id = `${group}-${number++}`
    await queues.send('line.fifo', [{ body: id, groupId: group, deduplicationId: id }])
    say('sent', [id])
  }
}

async function receive(queue: string): Promise<void> {
  for (;;) {
    const messages = await queues.receive(queue, { max: 10, waitMs: 1000 })
    const ids = messages.map(({ body }) => body)
    say('got', ids)
    // Some stay in flight, for the next process.
    if (Math.random() < 0.1) continue
    say('delete', ids)
    await queues.delete(
      queue,
      messages.map(({ receiptHandle }) => receiptHandle),
    )
    say('gone', ids)
  }
}

const loads = [
  ...Array.from({ length: PLAIN_SENDERS }, sendPlain),
  ...Array.from({ length: GROUPS }, (_, i) => sendInGroup(`group${i}`)),
  ...Array.from({ length: RECEIVERS }, () => receive('plain')),
  ...Array.from({ length: RECEIVERS }, () => receive('line.fifo')),
]
// Once the queues are broken there is nothing more to say.
await Promise.all(loads).catch(() => process.exit(75))
