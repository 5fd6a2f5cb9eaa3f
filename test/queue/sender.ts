import { openEmbeddedQueues } from '../../src/queue/embedded/embedded.ts'

/** Sends so many messages one after the other, says so, and waits to be killed: `sender.ts <folder> <count>`. */
const [directory = '', count = '0'] = process.argv.slice(2)
const queues = await openEmbeddedQueues({
  directory,
  senderId: '',
  arnOf: (name) => name,
  onTrouble: (sentence) => console.error(sentence),
  onBroken: (error) => console.error(error),
})
await queues.define('q', { attributes: {}, tags: {} })
for (let i = 0; i < Number(count); i++) await queues.send('q', [{ body: String(i) }])
process.send?.('sent')
