import { fork } from 'node:child_process'
import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { createSpillway, loadApp } from '../src/index.ts'
import { openEmbeddedQueues, type EmbeddedQueues } from '../src/queue/embedded/embedded.ts'
import { describeMachine } from './support/machine.ts'
import { rawPost, type RawPost } from './support/raw-post.ts'
import { formatSummary, summarize } from './support/stats.ts'
import { formatTable } from './support/table.ts'

/**
 * How many messages a second does the queue make durable, beside the disk and SQLite alone in the same
 * run? See README.md. Over HTTP the senders are a process of their own: `--load KIND PORT`.
 */

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    bytes: { type: 'string', default: '1024' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    load: { type: 'boolean' },
  },
  allowPositionals: true,
})
const BATCH = 10
const GROUP = 100
const BYTES = Number(values.bytes)
const DURATION_MS = Number(values.seconds) * 1000
const CONNECTIONS = Number(values.connections)
const BODY = 'x'.repeat(BYTES)
const URL = 'http://127.0.0.1/123456789012/bench'
const SQLITE_PAGE_BYTES = 4096

type Measure = (directory: string) => Figures | Promise<Figures>

/** Of this process alone: who sends over HTTP is another. */
interface Figures {
  readonly perSecond: number
  readonly cpuUs: number
}

/** Each in messages a second, but the first. */
const MEASURES: Readonly<Record<string, Measure>> = {
  'fdatasync of 4 KiB, a second': fsyncs,
  [`SQLite alone, ${GROUP} a transaction`]: sqliteAlone,
  'engine, sent in batches of ten': engineSends,
  'engine, received and deleted': engineReceives,
  'SQS over HTTP, sent in batches of ten': httpSends,
  'SQS over HTTP, received and deleted': httpReceives,
}

async function main(): Promise<void> {
  const samples = new Map(Object.keys(MEASURES).map((name): [string, Figures[]] => [name, []]))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, measure] of Object.entries(MEASURES)) {
      const directory = mkdtempSync(join(tmpdir(), 'spillway-bench-'))
      samples.get(name)?.push(await measure(directory))
      rmSync(directory, { recursive: true, force: true })
      process.stderr.write(`round ${round + 1}, ${name}\n`)
    }
  }
  const alone = samples.get(Object.keys(MEASURES)[1] ?? '') ?? []
  const rows = [...samples].map(([name, own]) => [
    name,
    formatSummary(summarize(own.map(({ perSecond }) => perSecond))),
    formatSummary(
      summarize(own.map((each, i) => each.perSecond / (alone[i]?.perSecond ?? NaN))),
      2,
    ),
    formatSummary(summarize(own.map(({ cpuUs }) => cpuUs)), 1),
  ])
  const head = ['what', 'a second', '÷ SQLite alone', 'CPU µs each']
  process.stdout.write(
    `${describeMachine()}; messages of ${BYTES} bytes, ${CONNECTIONS} senders\n\n${formatTable(head, rows)}\n`,
  )
}

function fsyncs(directory: string): Figures {
  const fd = openSync(join(directory, 'file'), 'w')
  const block = Buffer.alloc(4096, 1)
  const rate = repeat(() => {
    writeSync(fd, block)
    fdatasyncSync(fd)
    return 1
  })
  closeSync(fd)
  return rate
}

function sqliteAlone(directory: string): Figures {
  const db = new DatabaseSync(join(directory, 'alone.db'))
  db.exec(
    `PRAGMA page_size = ${SQLITE_PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)`,
  )
  const insert = db.prepare('INSERT INTO t (body) VALUES (?)')
  const rate = repeat(() => {
    db.exec('BEGIN')
    for (let i = 0; i < GROUP; i++) insert.run(BODY)
    db.exec('COMMIT')
    return GROUP
  })
  db.close()
  return rate
}

function repeat(work: () => number): Figures {
  const clock = startClock()
  let done = 0
  while (clock.elapsedMs() < DURATION_MS) done += work()
  return clock.figures(done)
}

interface RunningClock {
  readonly elapsedMs: () => number
  readonly figures: (done: number) => Figures
}

function startClock(): RunningClock {
  const sinceMs = performance.now()
  const used = process.cpuUsage()
  return {
    elapsedMs: () => performance.now() - sinceMs,
    figures(done) {
      const { user, system } = process.cpuUsage(used)
      const perSecond = (done / (performance.now() - sinceMs)) * 1000
      return { perSecond, cpuUs: (user + system) / done }
    },
  }
}

async function withQueues<T>(
  directory: string,
  work: (queues: EmbeddedQueues) => Promise<T>,
): Promise<T> {
  const queues = await openEmbeddedQueues({
    directory,
    senderId: '',
    arnOf: (name) => name,
    onTrouble: console.error,
    onBroken: console.error,
  })
  await queues.define('bench', { attributes: {}, tags: {} })
  const result = await work(queues)
  await queues.close()
  return result
}

/** So many at once, until the time is over or one of them has nothing more to do. */
async function atOnce(work: () => Promise<number>): Promise<Figures> {
  const clock = startClock()
  let done = 0
  const one = async (): Promise<void> => {
    for (let count = 1; count > 0 && clock.elapsedMs() < DURATION_MS; done += count) {
      count = await work()
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
  return clock.figures(done)
}

async function engineSends(directory: string): Promise<Figures> {
  const messages = Array.from({ length: BATCH }, () => ({ body: BODY }))
  return await withQueues(
    directory,
    async (queues) => await atOnce(async () => (await queues.send('bench', messages)).length),
  )
}

async function engineReceives(directory: string): Promise<Figures> {
  return await withQueues(directory, async (queues) => {
    await fill(queues)
    return await atOnce(async () => {
      const some = await queues.receive('bench', { max: BATCH, waitMs: 0 })
      const handles = some.map(({ receiptHandle }) => receiptHandle)
      return handles.length === 0 ? 0 : (await queues.delete('bench', handles)).length
    })
  })
}

/** More than can be received in the time. */
async function fill(queues: EmbeddedQueues): Promise<void> {
  const messages = Array.from({ length: 1000 }, () => ({ body: BODY }))
  for (let i = 0; i < 20 * Number(values.seconds); i++) await queues.send('bench', messages)
}

async function httpSends(directory: string): Promise<Figures> {
  return await overHttp('send', directory)
}

async function httpReceives(directory: string): Promise<Figures> {
  await withQueues(directory, fill)
  return await overHttp('receive', directory)
}

async function overHttp(kind: string, dataDir: string): Promise<Figures> {
  const handler = join(dataDir, 'h.mjs')
  writeFileSync(handler, 'export const handler = async () => {}')
  const app = await loadApp({ paths: [handler], env: {} })
  const spillway = await createSpillway({
    // Nothing is to run here.
    app: { ...app, functions: [], apis: [], spares: 0 },
    listen: { aws: {} },
    dataDir,
    onLog: () => {},
  })
  const { port } = new globalThis.URL(spillway.urls.aws ?? '')
  const child = fork(import.meta.filename, [...process.argv.slice(2), '--load', kind, port])
  const { promise, resolve } = Promise.withResolvers<Sent>()
  const used = process.cpuUsage()
  child.once('message', (sent) => resolve(sent as Sent))
  child.once('exit', () => resolve({ messages: NaN, perSecond: NaN }))
  const { messages, perSecond } = await promise
  const { user, system } = process.cpuUsage(used)
  await spillway.close()
  return { perSecond, cpuUs: (user + system) / messages }
}

/** What the senders say: how many in all, and how fast once they were warm. */
interface Sent {
  readonly messages: number
  readonly perSecond: number
}

const WARM_UP_MS = 1000

/** The senders: `--load send 3002`. */
async function load(): Promise<void> {
  const [kind = '', port = ''] = positionals
  const connect = { port: Number(port), connections: CONNECTIONS }
  await rawPost({ ...connect, connections: 1, durationMs: Infinity, next: once(create) })
  const drive = kind === 'send' ? sendAll : receiveAll
  const warm = await drive({ ...connect, durationMs: WARM_UP_MS })
  const sinceMs = performance.now()
  const messages = await drive({ ...connect, durationMs: DURATION_MS })
  const perSecond = (messages / (performance.now() - sinceMs)) * 1000
  const sent: Sent = { messages: warm + messages, perSecond }
  process.send?.(sent, () => process.exit(0))
}

type Connect = Omit<RawPost, 'next'>

async function sendAll(connect: Connect): Promise<number> {
  const request = { target: 'SendMessageBatch', body: sendBody() }
  return (await rawPost({ ...connect, next: () => request })) * BATCH
}

async function receiveAll(connect: Connect): Promise<number> {
  let messages = 0
  await rawPost({
    ...connect,
    next(answer) {
      const handles = answer.includes('"Messages"') ? handlesIn(answer) : []
      if (handles.length === 0) return answer === '{}' ? undefined : RECEIVE
      messages += handles.length
      return { target: 'DeleteMessageBatch', body: deleteBody(handles) }
    },
  })
  return messages
}

const RECEIVE = {
  target: 'ReceiveMessage',
  body: JSON.stringify({ QueueUrl: URL, MaxNumberOfMessages: BATCH }),
}
const create = { target: 'CreateQueue', body: JSON.stringify({ QueueName: 'bench' }) }

function once<T>(value: T): () => T | undefined {
  let given = false
  return () => (given ? undefined : ((given = true), value))
}

function sendBody(): string {
  const Entries = Array.from({ length: BATCH }, (_, i) => ({ Id: `${i}`, MessageBody: BODY }))
  return JSON.stringify({ QueueUrl: URL, Entries })
}

function handlesIn(answer: string): string[] {
  return [...answer.matchAll(/"ReceiptHandle":"([^"]+)"/g)].map(([, handle = '']) => handle)
}

function deleteBody(handles: readonly string[]): string {
  const Entries = handles.map((ReceiptHandle, i) => ({ Id: `${i}`, ReceiptHandle }))
  return JSON.stringify({ QueueUrl: URL, Entries })
}

if (values.load === true) await load()
else await main()
