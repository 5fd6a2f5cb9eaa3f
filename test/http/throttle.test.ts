import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Outcome } from '../../src/invoke/invocation.ts'
import type { HttpApi } from '../../src/model/app.ts'
import { apiOf, serveApi, type ServedApi } from './serve.ts'

const OK: Outcome = {
  status: 'ok',
  result: { kind: 'http', response: { status: 200, rawHeaders: [], body: 'served' } },
  handlerStarted: true,
  attempts: 1,
  waitedMs: 0,
} as unknown as Outcome

const THROTTLE = { rate: 2, burst: 3 }

describe('The throttle of a route', () => {
  test('lets its burst and rate through, and counts each route by itself', async (t) => {
    const { api, invoked } = await serve(t, [
      apiOf('rest', ['GET /lead', 'POST /lead'], { route: { throttle: THROTTLE } }),
    ])
    assert.deepEqual(await statuses(api, '/dev/lead', 5), [200, 200, 200, 429, 429])
    assert.equal(invoked.length, 3, 'what is refused reaches no function')
    assert.equal((await api.send('/dev/lead', { method: 'POST' })).status, 200)
    api.clock.advance(500)
    assert.deepEqual(await statuses(api, '/lead', 2), [200, 429], 'with its stage and without')
  })

  test('goes on counting over a reload, unless the numbers are others', async (t) => {
    const withThrottle = (rate: number): HttpApi[] => [
      apiOf('httpapi', ['GET /lead'], { route: { throttle: { rate, burst: 2 } } }),
    ]
    const { api } = await serve(t, withThrottle(0.1))
    assert.deepEqual(await statuses(api, '/lead', 3), [200, 200, 429])
    api.configure(withThrottle(0.1))
    assert.deepEqual(await statuses(api, '/lead', 1), [429])
    api.configure(withThrottle(0.2))
    assert.deepEqual(await statuses(api, '/lead', 3), [200, 200, 429])
  })

  const ANSWERS: readonly [HttpApi['front'], path: string, body: string, errorType?: string][] = [
    ['rest', '/dev/lead', '{"message":"Too Many Requests"}', 'TooManyRequestsException'],
    ['httpapi', '/lead', '{"message":"Too Many Requests"}'],
    [
      'function-url',
      '/lead',
      '{"Reason":"FunctionInvocationRateLimitExceeded","Type":"User","message":"Rate Exceeded."}',
      'TooManyRequestsException',
    ],
    [
      'alb',
      '/lead',
      [
        '<html>',
        '<head><title>429 Too Many Requests</title></head>',
        '<body>',
        '<center><h1>429 Too Many Requests</h1></center>',
        '</body>',
        '</html>',
        '',
      ].join('\r\n'),
    ],
  ]
  for (const [front, path, body, errorType] of ANSWERS) {
    test(`is answered as ${front} would, and says when to come again`, async (t) => {
      const throttle = { rate: 0.05, burst: 1 }
      const { api } = await serve(t, [apiOf(front, ['GET /lead'], { route: { throttle } })])
      await api.send(path)
      api.clock.advance(3500)
      const { status, headers, text } = await api.send(path)
      assert.deepEqual([status, text, headers['x-amzn-errortype']], [429, body, errorType])
      assert.equal(headers['retry-after'], '17', 'whole seconds, rounded up')
      const ours = ['handler-started', 'error-class', 'limit', 'reason']
      assert.deepEqual(
        ours.map((name) => headers[`x-spillway-${name}`]),
        ['0', 'throttle', 'route', 'rate'],
      )
    })
  }
})

describe('A usage plan', () => {
  const KEYS = {
    free: [{ name: 'ada', value: 'ada-key' }],
    paid: [{ name: 'bob', value: 'bob-key' }],
  }

  test('keeps each of its keys to its throttle, on all routes together', async (t) => {
    const { api } = await serve(t, [
      apiOf('rest', ['GET /a', 'GET /b'], {
        route: { apiKeyRequired: true },
        apiKeys: ['ada-key', 'bob-key', 'eve-key'],
        usagePlans: [{ name: 'free', keys: [...KEYS.free, ...KEYS.paid], throttle: THROTTLE }],
      }),
    ])
    assert.deepEqual(await statuses(api, '/dev/a', 2, 'ada-key'), [200, 200])
    assert.deepEqual(await statuses(api, '/dev/b', 3, 'ada-key'), [200, 429, 429])
    assert.deepEqual(await statuses(api, '/dev/b', 1, 'bob-key'), [200])
    assert.deepEqual(await statuses(api, '/dev/a', 5, 'eve-key'), [200, 200, 200, 200, 200])
    assert.equal((await api.send('/dev/a')).status, 403, 'the key comes first')
  })

  test('keeps each key to its quota, until the period is over', async (t) => {
    const quota = { limit: 4, period: 'DAY', offset: 0 } as const
    const { api } = await serve(t, [
      apiOf('rest', ['GET /a'], {
        route: { apiKeyRequired: true },
        apiKeys: ['ada-key'],
        usagePlans: [{ name: 'free', keys: KEYS.free, quota }],
      }),
    ])
    const key = { 'x-api-key': 'ada-key' }
    assert.deepEqual(await statuses(api, '/dev/a', 5, 'ada-key'), [200, 200, 200, 200, 429])
    const { text, headers } = await api.send('/dev/a', { headers: key })
    assert.equal(text, '{"message":"Limit Exceeded"}')
    assert.equal(headers['x-amzn-errortype'], 'LimitExceededException')
    assert.equal(headers['x-spillway-limit'], 'usage-plan')
    assert.equal(headers['x-spillway-reason'], 'quota')
    // The clock of these tests begins at midnight.
    assert.equal(headers['retry-after'], String(24 * 60 * 60))
    api.letPass(24 * 60 * 60 * 1000)
    assert.equal((await api.send('/dev/a', { headers: key })).status, 200)
  })

  test('does not count towards the quota what its throttle turned away', async (t) => {
    const quota = { limit: 4, period: 'MONTH', offset: 0 } as const
    const { api } = await serve(t, [
      apiOf('rest', ['GET /a'], {
        route: { apiKeyRequired: true },
        apiKeys: ['ada-key'],
        usagePlans: [{ name: 'free', keys: KEYS.free, quota, throttle: THROTTLE }],
      }),
    ])
    assert.deepEqual(await statuses(api, '/dev/a', 9, 'ada-key'), [200, 200, 200, ...refusals(6)])
    api.letPass(60_000)
    assert.deepEqual(await statuses(api, '/dev/a', 2, 'ada-key'), [200, 429])
    const { text } = await api.send('/dev/a', { headers: { 'x-api-key': 'ada-key' } })
    assert.equal(text, '{"message":"Limit Exceeded"}')
  })

  test('says nothing of routes that ask for no key', async (t) => {
    const { api } = await serve(t, [
      apiOf('rest', ['GET /a'], {
        apiKeys: ['ada-key'],
        usagePlans: [{ name: 'free', keys: KEYS.free, throttle: { rate: 0, burst: 0 } }],
      }),
    ])
    assert.deepEqual(await statuses(api, '/dev/a', 3, 'ada-key'), [200, 200, 200])
  })
})

interface Served {
  readonly api: ServedApi
  readonly invoked: readonly string[]
}

async function serve(t: TestContext, apis: readonly HttpApi[]): Promise<Served> {
  const invoked: string[] = []
  const api = await serveApi(t, {
    apis,
    invoke({ id }) {
      invoked.push(id)
      return OK
    },
  })
  return { api, invoked }
}

async function statuses(
  api: ServedApi,
  path: string,
  count: number,
  key?: string,
): Promise<number[]> {
  const headers = key === undefined ? {} : { 'x-api-key': key }
  const answers: number[] = []
  while (answers.length < count) answers.push((await api.send(path, { headers })).status)
  return answers
}

function refusals(count: number): number[] {
  return Array.from({ length: count }, () => 429)
}
