import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { GateSnapshot } from '../../src/gate/snapshot.ts'
import { runCli, startCli, type Server } from '../support/cli.ts'
import { makeFolder, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

/** A limit of two, of everything that its routes lead to. */
interface Scope {
  readonly limit: string
  /** As the CLI names it. */
  readonly named: string
  /** As the responses name it. */
  readonly id: string
  readonly routes: readonly string[]
  readonly config: (maxWait: string) => string
}

const SCOPES: readonly Scope[] = [
  {
    limit: 'a function',
    named: 'fn:limits-dev-one',
    id: 'function/limits-dev-one',
    routes: ['/one'],
    config: (maxWait) => `functions: { one: { maxConcurrency: 2, maxWait: ${maxWait} } }`,
  },
  {
    limit: 'a group of two functions',
    named: 'group:pair',
    id: 'group/pair',
    routes: ['/one', '/two'],
    config: (maxWait) =>
      `groups: { pair: { functions: [one, two], maxConcurrency: 2, maxWait: ${maxWait} } }`,
  },
  {
    limit: 'the account',
    named: 'account',
    id: 'account',
    routes: ['/one', '/two'],
    config: (maxWait) => `
account: { maxConcurrency: 2 }
functions: { one: { maxWait: ${maxWait} }, two: { maxWait: ${maxWait} } }
`,
  },
]

/** Counts itself in a file that all share, and ends when it is told to, or after `ms`. */
const HANDLER = `
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
export const handler = async ({ queryStringParameters: { id, ms } }) => {
  appendFileSync(join(process.env.FOLDER, 'counter'), '+' + id + '\\n')
  if (ms !== undefined) await after(Number(ms))
  else while (!existsSync(join(process.env.FOLDER, 'go-' + id))) await after(5)
  appendFileSync(join(process.env.FOLDER, 'counter'), '-' + id + '\\n')
  return { statusCode: 200, body: id }
}
`

/** What the functions wrote into their file. */
interface Counter {
  /** The ids of the requests, in the order in which their handlers began. */
  readonly started: readonly number[]
  readonly maxAtOnce: number
}

interface Answer {
  readonly status: number
  readonly limit: string | null
  readonly retryAfter: string | null
}

interface Rig {
  readonly server: Server
  /** Sends a request that ends when it is told to, or after `ms`. */
  send(path: string, id: number, ms?: number): Promise<Answer>
  /** Tells a request to end. */
  letGo(id: number): void
  counter(): Counter
  /** How many run and wait now, over all functions. */
  gate(): Promise<{ readonly inUse: number; readonly waiting: number }>
  setLimit(change: string): Promise<void>
}

async function start(t: TestContext, config: string): Promise<Rig> {
  const folder = makeFolder(filesOf(config))
  const server = await startCli(t, ['start', folder], { env: { FOLDER: folder } })
  return {
    server,
    async send(path, id, ms) {
      const time = ms === undefined ? '' : `&ms=${ms}`
      const response = await fetch(`${server.api}${path}?id=${id}${time}`)
      await response.arrayBuffer()
      const { status, headers } = response
      const [limit, retryAfter] = [headers.get('x-spillway-limit'), headers.get('retry-after')]
      return { status, limit, retryAfter }
    },
    letGo: (id) => writeFileSync(join(folder, `go-${id}`), ''),
    counter: () => count(readFileSync(join(folder, 'counter'), 'utf8')),
    gate: () => readGate(server),
    async setLimit(change) {
      const ran = await runCli(t, ['limits', 'set', change, '--admin', server.admin])
      assert.deepEqual([ran.exit, ran.stderr], [0, ''])
    },
  }
}

function filesOf(config: string): Files {
  return {
    'serverless.yml': `
service: limits
provider: { name: aws, runtime: nodejs24.x, environment: { FOLDER: '\${env:FOLDER}' } }
functions:
  one: { handler: count.handler, events: [{ httpApi: GET /one }] }
  two: { handler: count.handler, events: [{ httpApi: GET /two }] }
`,
    'spillway.yml': config,
    'count.mjs': HANDLER,
    counter: '',
  }
}

function count(text: string): Counter {
  const started: number[] = []
  let running = 0
  let maxAtOnce = 0
  for (const [, sign, id] of text.matchAll(/^([+-])(\d+)$/gm)) {
    running += sign === '+' ? 1 : -1
    if (sign === '+') started.push(Number(id))
    maxAtOnce = Math.max(maxAtOnce, running)
  }
  return { started, maxAtOnce }
}

async function readGate({ admin }: Server): Promise<{ inUse: number; waiting: number }> {
  const { gate } = (await (await fetch(`${admin}/api/limits`)).json()) as { gate: GateSnapshot }
  const waiting = gate.functions.reduce((sum, fn) => sum + fn.waiting.interactive, 0)
  return { inUse: gate.account.inUse, waiting }
}

for (const { limit, named, id: limitId, routes, config } of SCOPES) {
  /** `n` requests with ids from 0, to the routes in turn. */
  const sendTo = (rig: Rig, n: number, ms?: number): Promise<Answer>[] =>
    Array.from({ length: n }, (_, id) => rig.send(routes[id % routes.length] ?? '', id, ms))

  describe(`maxConcurrency: 2 of ${limit}`, () => {
    test('throttles at once all but two of ten requests that may not wait', async (t) => {
      const rig = await start(t, config('0'))
      const answers: Answer[] = []
      const all = sendTo(rig, 10).map(async (answer) => answers.push(await answer))
      await until('8 answers and 2 that run', () => {
        return answers.length === 8 && rig.counter().started.length === 2
      })
      const refusal = { status: 429, limit: limitId, retryAfter: '1' }
      for (const answer of answers) assert.deepEqual(answer, refusal)
      for (const id of rig.counter().started) rig.letGo(id)
      await Promise.all(all)
      const success = { status: 200, limit: null, retryAfter: null }
      assert.deepEqual(answers.slice(8), [success, success])
      assert.equal(rig.counter().maxAtOnce, 2)
    })

    test('runs all of ten requests that may wait, two at a time', async (t) => {
      const rig = await start(t, config('10s'))
      const answers = await Promise.all(sendTo(rig, 10, 200))
      assert.deepEqual(statusesOf(answers), Array(10).fill(200))
      assert.equal(rig.counter().started.length, 10)
      assert.equal(rig.counter().maxAtOnce, 2)
    })

    test('is raised and lowered while requests wait, at once, and loses nobody', async (t) => {
      const rig = await start(t, config('25s'))
      const all = sendTo(rig, 6)
      await until('2 that run', () => rig.counter().started.length === 2)
      await until('4 that wait', async () => (await rig.gate()).waiting === 4)

      await rig.setLimit(`${named}=5`)
      await until('3 more that run', () => rig.counter().started.length === 5)
      assert.deepEqual(await rig.gate(), { inUse: 5, waiting: 1 })

      await rig.setLimit(`${named}=1`)
      const [last = 0, ...others] = rig.counter().started
      for (const [done, id] of others.entries()) {
        rig.letGo(id)
        await all[id]
        assert.deepEqual(await rig.gate(), { inUse: 4 - done, waiting: 1 })
      }
      rig.letGo(last)
      await until('the one that waited', () => rig.counter().started.length === 6)
      rig.letGo(rig.counter().started[5] ?? 0)
      assert.deepEqual(statusesOf(await Promise.all(all)), Array(6).fill(200))
      assert.equal(rig.counter().maxAtOnce, 5)
    })
  })
}

function statusesOf(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status)
}
