import { parseArgs } from 'node:util'
import { describeMachine } from './support/machine.ts'
import { openQueueClient, type QueueClient } from './support/queue-client.ts'
import { percentileOf } from './support/percentile.ts'
import { serve, type Served } from './support/served.ts'
import { formatSummary, summarize } from './support/stats.ts'
import { formatTable } from './support/table.ts'
import { moveToGeneratorCore } from './support/proc.ts'

/**
 * Does a flood of queued work disturb the people who use the API, and do they disturb it? See README.md
 * for the method. Each round is three runs on one server: users alone, the queue alone, both.
 */

const USER_SLOTS = 8
const WORK_SLOTS = 12
/** Both wait and do not compute: it is slots that are shared here, and not cores. */
const USER_MS = 20
const BATCH_MS = 50

const FILES = {
  'serverless.yml': `
service: flood
provider: { name: aws, runtime: nodejs24.x, timeout: 30 }
functions:
  page: { handler: h.page, events: [{ httpApi: GET /page }] }
  work:
    handler: h.work
    events: [{ sqs: { arn: !GetAtt Work.Arn, batchSize: 10, enabled: false } }]
resources:
  Resources:
    Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work, VisibilityTimeout: 300 } }
`,
  'spillway.yml': `
account: { maxConcurrency: ${USER_SLOTS + WORK_SLOTS} }
groups:
  users: { guaranteedConcurrency: ${USER_SLOTS}, functions: [page] }
  work: { functions: [work] }
`,
  'h.mjs': `
const nap = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export const page = async () => { await nap(${USER_MS}); return { statusCode: 200, body: 'ok' } }
export const work = async () => { await nap(${BATCH_MS}) }
`,
}

interface Users {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly requests: number
  readonly throttled: number
  readonly failed: number
}

interface Round {
  readonly alone: Users
  readonly both: Users
  readonly alonePerSecond: number
  readonly bothPerSecond: number
}

/** Sends requests at an even rate, whatever became of the ones before, until the signal. */
async function driveUsers(api: string, perSecond: number, signal: AbortSignal): Promise<Users> {
  const took: number[] = []
  const statuses: number[] = []
  const inFlight: Promise<void>[] = []
  const request = async (): Promise<void> => {
    const sinceMs = performance.now()
    const status = await fetch(`${api}/page`).then(
      async (response) => (await response.text(), response.status),
      () => 0,
    )
    took.push(performance.now() - sinceMs)
    statuses.push(status)
  }
  const startMs = performance.now()
  for (let sent = 0; !signal.aborted; sent++) {
    const dueMs = startMs + (sent * 1000) / perSecond
    const waitMs = dueMs - performance.now()
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    inFlight.push(request())
  }
  await Promise.all(inFlight)
  return {
    p50Ms: percentileOf(took, 50),
    p99Ms: percentileOf(took, 99),
    requests: took.length,
    throttled: statuses.filter((status) => status === 429).length,
    failed: statuses.filter((status) => status !== 200 && status !== 429).length,
  }
}

/** Fills the queue, opens it, and says how fast it emptied. */
async function drain(queue: QueueClient, messages: number): Promise<number> {
  const sinceMs = performance.now()
  await queue.setEnabled(true)
  await queue.untilEmpty()
  const perSecond = messages / ((performance.now() - sinceMs) / 1000)
  await queue.setEnabled(false)
  return perSecond
}

async function round(served: Served, sizes: Sizes): Promise<Round> {
  const queue = await openQueueClient(served.awsUrl, 'work')
  const { messages, perSecond, seconds } = sizes
  const usersFor = async (signal: AbortSignal): Promise<Users> =>
    await driveUsers(served.apiUrl, perSecond, signal)
  const alone = await usersFor(AbortSignal.timeout(seconds * 1000))
  await queue.fill(messages)
  const alonePerSecond = await drain(queue, messages)
  await queue.fill(messages)
  const over = new AbortController()
  const users = usersFor(over.signal)
  const bothPerSecond = await drain(queue, messages)
  over.abort()
  queue.close()
  return { alone, both: await users, alonePerSecond, bothPerSecond }
}

interface Sizes {
  readonly messages: number
  readonly perSecond: number
  readonly seconds: number
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '50000' },
      users: { type: 'string', default: '60' },
      seconds: { type: 'string', default: '20' },
      rounds: { type: 'string', default: '3' },
    },
  })
  const sizes = {
    messages: Number(values.messages),
    perSecond: Number(values.users),
    seconds: Number(values.seconds),
  }
  moveToGeneratorCore()
  const served = await serve(FILES)
  try {
    // Everything starts and is compiled once.
    await round(served, { ...sizes, messages: 2000, seconds: 3 })
    const rounds: Round[] = []
    for (let i = 0; i < Number(values.rounds); i++) {
      const each = await round(served, sizes)
      rounds.push(each)
      process.stderr.write(`round ${i + 1}: ${JSON.stringify(each)}\n`)
    }
    process.stdout.write(report(rounds, sizes))
  } finally {
    await served.stop()
  }
}

function report(rounds: readonly Round[], { messages, perSecond }: Sizes): string {
  const over = (pick: (round: Round) => number, digits = 1): string =>
    formatSummary(summarize(rounds.map(pick)), digits)
  const rows = [
    ['user p50, alone, ms', over(({ alone }) => alone.p50Ms)],
    ['user p50, in the flood, ms', over(({ both }) => both.p50Ms)],
    ['user p99, alone, ms', over(({ alone }) => alone.p99Ms)],
    ['user p99, in the flood, ms', over(({ both }) => both.p99Ms)],
    ['user p99, ÷ alone', over(({ alone, both }) => both.p99Ms / alone.p99Ms, 2)],
    ['user requests in the flood', over(({ both }) => both.requests, 0)],
    ['… throttled', over(({ both }) => both.throttled, 0)],
    ['… failed', over(({ both }) => both.failed, 0)],
    ['messages/s, alone', over(({ alonePerSecond }) => alonePerSecond, 0)],
    ['messages/s, with users', over(({ bothPerSecond }) => bothPerSecond, 0)],
    ['messages/s, ÷ alone', over(({ alonePerSecond: a, bothPerSecond: b }) => b / a, 2)],
  ]
  const head = `${messages} messages, ${perSecond} user requests/s; ${describeMachine()}`
  return `${head}\n\n${formatTable(['', 'median (range)'], rows)}\n`
}

await main()
