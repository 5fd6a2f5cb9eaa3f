import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { startCli, type Server } from '../support/cli.ts'
import { environmentsOf } from '../support/environments.ts'
import { makeFolder, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

/** Does what it is asked to, good or bad. `loop` has a second for it. */
const FILES: Files = {
  'serverless.yml': `
service: wild
provider: { name: aws, runtime: nodejs24.x }
functions:
  wild:
    handler: wild.handler
    timeout: 60
    events: [{ http: GET /wild }, { httpApi: GET /wild }]
  loop:
    handler: wild.handler
    timeout: 1
    events: [{ http: GET /loop }, { httpApi: GET /loop }]
  neighbour: { handler: wild.handler, events: [{ httpApi: GET /neighbour }] }
`,
  'wild.mjs': `
const forever = () => new Promise((resolve) => setTimeout(resolve, 600_000))
const acts = {
  exit: () => process.exit(3),
  throwLate: () => { setTimeout(() => { throw new RangeError('too late') }, 5); return forever() },
  rejectLate: () => { setTimeout(() => Promise.reject(new Error('too late')), 5); return forever() },
  loop: () => { for (;;); },
  throwAfter: () => setTimeout(() => { throw new RangeError('too late') }, 5) && undefined,
  rejectAfter: () => setTimeout(() => Promise.reject(new Error('too late')), 5) && undefined,
  throwLater: () => setTimeout(() => { throw new RangeError('too late') }, 300) && undefined,
  rejectLater: () => setTimeout(() => Promise.reject(new Error('too late')), 300) && undefined,
  nap: () => new Promise((resolve) => setTimeout(resolve, 1000)),
}
export const handler = async (event) => {
  await acts[event.queryStringParameters?.how ?? event.how]?.()
  return { statusCode: 200, body: 'well' }
}
`,
}

interface Failure {
  readonly what: string
  readonly how: string
  readonly functionKey: 'wild' | 'loop'
  /** Lambda's error JSON, its trace left out (docs/reference/http.md). */
  readonly error: (requestId: string) => object
}

const FAILURES: readonly Failure[] = [
  {
    what: 'calls process.exit(3)',
    how: 'exit',
    functionKey: 'wild',
    error: (id) => ({
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${id} Error: Runtime exited with error: exit status 3`,
    }),
  },
  {
    what: 'throws late',
    how: 'throwLate',
    functionKey: 'wild',
    error: () => ({ errorType: 'RangeError', errorMessage: 'too late' }),
  },
  {
    what: 'rejects late',
    how: 'rejectLate',
    functionKey: 'wild',
    error: () => ({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'Error: too late',
    }),
  },
  {
    what: 'loops for ever',
    how: 'loop',
    functionKey: 'loop',
    error: (id) => ({
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${id} Error: Task timed out after 1.00 seconds`,
    }),
  },
]

interface Answer {
  readonly status: number
  readonly body: string
  readonly started: string | null
}

async function get(url: string): Promise<Answer> {
  const response = await fetch(url)
  const started = response.headers.get('x-spillway-handler-started')
  return { status: response.status, body: await response.text(), started }
}

const WELL: Answer = { status: 200, body: 'well', started: '1' }

async function start(t: TestContext): Promise<Server> {
  return await startCli(t, ['start', makeFolder(FILES)])
}

/** The routes of the REST API have their stage before them; without it they are the HTTP API's. */
const FRONTS = [
  { front: 'REST API', stage: '/dev', status: 502, body: '{"message": "Internal server error"}' },
  { front: 'HTTP API', stage: '', status: 500, body: '{"message":"Internal Server Error"}' },
] as const

describe('A handler that', () => {
  for (const { what, how, functionKey, error } of FAILURES) {
    test(`${what} costs its own caller one exact error and nobody else anything`, async (t) => {
      const server = await start(t)
      for (const { front, stage, status, body } of FRONTS) {
        const path = `${server.api}${stage}/${functionKey}`
        const bad = get(`${path}?how=${how}`)
        const others = [get(path), get(`${server.api}/neighbour`), get(path)]
        assert.deepEqual([front, await bad], [front, { status, body, started: '1' }])
        assert.deepEqual([front, ...(await Promise.all(others))], [front, WELL, WELL, WELL])
        assert.deepEqual([front, await get(path)], [front, WELL])
      }
      assert.ok(server.isUp())
    })

    test(`${what} is told through the Invoke API as on Lambda`, async (t) => {
      const server = await start(t)
      const answer = await invoke(server, functionKey, { how })
      assert.deepEqual([answer.status, answer.functionError], [200, 'Unhandled'])
      assert.equal(answer.started, '1')
      const { trace: _, ...told } = JSON.parse(answer.body) as { trace?: readonly string[] }
      assert.deepEqual(told, error(answer.requestId))
      // What the platform says itself is exact to the last byte.
      if (!answer.body.includes('"trace"')) assert.equal(answer.body, JSON.stringify(told))
      assert.equal((await invoke(server, functionKey, {})).functionError, null)
    })
  }

  for (const how of ['throwAfter', 'rejectAfter']) {
    test(`fails after its answer (${how}) costs nobody anything but its environment`, async (t) => {
      const server = await start(t)
      assert.deepEqual(await get(`${server.api}/wild?how=${how}`), WELL)
      await until('the end of its environment', () => environmentsOf(server.pid).length === 0)
      assert.deepEqual(await get(`${server.api}/wild`), WELL)
      assert.ok(server.isUp())
    })
  }
})

for (const how of ['throwLater', 'rejectLater']) {
  test(`what an answered invocation leaves behind (${how}) does not cost the next one`, async (t) => {
    const server = await start(t)
    assert.deepEqual(await get(`${server.api}/wild?how=${how}`), WELL)
    const [environment] = environmentsOf(server.pid)
    // It fails in the middle of this one, which runs in the same environment.
    assert.deepEqual(await get(`${server.api}/wild?how=nap`), WELL)
    await until('the end of its environment', () =>
      environmentsOf(server.pid).every(({ pid }) => pid !== environment?.pid),
    )
    assert.deepEqual(await get(`${server.api}/wild`), WELL)
  })
}

interface Invoked extends Answer {
  readonly functionError: string | null
  readonly requestId: string
}

async function invoke({ aws }: Server, key: string, payload: object): Promise<Invoked> {
  const url = `${aws}/2015-03-31/functions/wild-dev-${key}/invocations`
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(payload) })
  const { status, headers } = response
  return {
    status,
    body: await response.text(),
    started: headers.get('x-spillway-handler-started'),
    functionError: headers.get('x-amz-function-error'),
    requestId: headers.get('x-amzn-requestid') ?? '',
  }
}
