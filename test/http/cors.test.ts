import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { HttpApi } from '../../src/model/app.ts'
import type { Cors, Preflight } from '../../src/model/front-rules.ts'
import { apiOf, serveApi, type Answer, type ServedApi } from './serve.ts'

const CORS: Cors = {
  allowOrigins: ['https://app.test', 'https://*'],
  allowMethods: ['GET', 'POST'],
  allowHeaders: ['content-type', 'x-own'],
  exposeHeaders: ['x-total'],
  allowCredentials: true,
  maxAgeS: 300,
}
const ANY_ORIGIN: Cors = { ...CORS, allowOrigins: ['*'], allowCredentials: false }
const PREFLIGHT = { origin: 'https://app.test', 'access-control-request-method': 'POST' }
const OWN = [
  'access-control-allow-origin',
  'https://own.test',
  'Access-Control-Max-Age',
  '9',
  'x-own',
  '1',
]

async function serve(
  t: TestContext,
  ...apis: readonly HttpApi[]
): Promise<ServedApi & { calls(): number }> {
  let calls = 0
  const served = await serveApi(t, {
    apis,
    invoke: () => {
      calls++
      const response = { status: 200, rawHeaders: OWN, body: 'done' }
      return {
        status: 'ok',
        result: { kind: 'http', response },
        handlerStarted: true,
        attempts: 1,
        waitedMs: 0,
      }
    },
  })
  return { ...served, calls: () => calls }
}

const corsOf = ({ rawHeaders }: Answer): Record<string, string[]> => {
  const found: Record<string, string[]> = {}
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (/^access-control-|^vary$/.test(name)) (found[name] ??= []).push(rawHeaders[i + 1] ?? '')
  }
  return found
}

const options = async (
  api: ServedApi,
  path: string,
  headers: Record<string, string> = PREFLIGHT,
): Promise<Answer> => await api.send(path, { method: 'OPTIONS', headers })

describe('A preflight of an HTTP API', () => {
  const WANTED = {
    vary: ['Origin'],
    'access-control-allow-origin': ['https://app.test'],
    'access-control-allow-methods': ['GET,POST'],
    'access-control-allow-headers': ['content-type,x-own'],
    'access-control-expose-headers': ['x-total'],
    'access-control-allow-credentials': ['true'],
    'access-control-max-age': ['300'],
  }
  for (const [what, routes, path] of [
    ['of a route with another method', ['POST /x'], '/x'],
    ['of a route for any method', ['ANY /x'], '/x'],
    ['of a route for OPTIONS', ['OPTIONS /x'], '/x'],
    ['of the default route', ['$default'], '/x'],
    ['of no route', ['POST /x'], '/nowhere'],
  ] as const) {
    test(`${what} is answered, and no function called`, async (t) => {
      const api = await serve(t, apiOf('httpapi', routes, { cors: CORS }))
      const answer = await options(api, path)
      assert.deepEqual([answer.status, answer.text, corsOf(answer)], [204, '', WANTED])
      assert.ok(answer.headers['apigw-requestid'])
      assert.equal(api.calls(), 0)
    })
  }

  test('asks nobody who the caller is', async (t) => {
    const route = { authorizer: { kind: 'iam' }, apiKeyRequired: true } as const
    const api = await serve(t, apiOf('httpapi', ['ANY /x'], { cors: CORS, route }))
    assert.equal((await options(api, '/x')).status, 204)
    const answer = await api.send('/x', { headers: { origin: 'https://app.test' } })
    assert.equal(answer.status, 403)
    assert.deepEqual(corsOf(answer)['access-control-allow-origin'], ['https://app.test'])
  })

  test('of an origin that is not allowed says nothing', async (t) => {
    const api = await serve(
      t,
      apiOf('httpapi', ['GET /x'], { cors: { ...CORS, allowOrigins: ['https://app.test'] } }),
    )
    for (const origin of [
      'https://app.test.evil.test',
      'http://app.test',
      'https://APP.test',
      'null',
      '*',
    ]) {
      const answer = await options(api, '/x', { ...PREFLIGHT, origin })
      assert.deepEqual([answer.status, corsOf(answer)], [204, { vary: ['Origin'] }], origin)
    }
  })

  test('of any https origin, where those are allowed', async (t) => {
    const api = await serve(t, apiOf('httpapi', ['GET /x'], { cors: CORS }))
    const answer = await options(api, '/x', { ...PREFLIGHT, origin: 'https://other.test' })
    assert.deepEqual(corsOf(answer)['access-control-allow-origin'], ['https://other.test'])
    const plain = await options(api, '/x', { ...PREFLIGHT, origin: 'http://other.test' })
    assert.deepEqual(corsOf(plain), { vary: ['Origin'] })
  })

  for (const [what, headers] of [
    ['without an origin', { 'access-control-request-method': 'POST' }],
    ['without a method', { origin: 'https://app.test' }],
  ] as const) {
    test(`${what} is none: OPTIONS like any other method`, async (t) => {
      const api = await serve(t, apiOf('httpapi', ['ANY /x', 'GET /y'], { cors: CORS }))
      assert.equal((await options(api, '/x', headers)).status, 200)
      assert.equal(api.calls(), 1)
      assert.deepEqual((await options(api, '/y', headers)).text, '{"message":"Not Found"}')
    })
  }

  test('is answered by no API without CORS', async (t) => {
    const api = await serve(t, apiOf('httpapi', ['POST /x']))
    assert.equal((await options(api, '/x')).status, 404)
  })
})

describe('An answer to another origin', () => {
  const GET = { headers: { origin: 'https://app.test' } }

  test('carries what an HTTP API says, and not what its function says', async (t) => {
    const api = await serve(t, apiOf('httpapi', ['GET /x'], { cors: CORS }))
    const answer = await api.send('/x', GET)
    assert.deepEqual(corsOf(answer), {
      vary: ['Origin'],
      'access-control-allow-origin': ['https://app.test'],
      'access-control-allow-credentials': ['true'],
      'access-control-expose-headers': ['x-total'],
    })
    assert.equal(answer.headers['x-own'], '1')
  })

  test('says nothing to an origin that is not allowed, whatever the function says', async (t) => {
    const api = await serve(
      t,
      apiOf('httpapi', ['GET /x'], { cors: { ...CORS, allowOrigins: ['https://b.test'] } }),
    )
    assert.deepEqual(corsOf(await api.send('/x', GET)), { vary: ['Origin'] })
    assert.deepEqual(corsOf(await api.send('/x')), { vary: ['Origin'] })
  })

  test('names any origin by a star', async (t) => {
    const api = await serve(t, apiOf('httpapi', ['GET /x'], { cors: ANY_ORIGIN }))
    assert.deepEqual(corsOf(await api.send('/x', GET))['access-control-allow-origin'], ['*'])
    assert.deepEqual(corsOf(await api.send('/x')), {})
  })

  test("is the function's own without CORS", async (t) => {
    const api = await serve(t, apiOf('httpapi', ['GET /x']))
    assert.deepEqual(corsOf(await api.send('/x', GET)), {
      'access-control-allow-origin': ['https://own.test'],
      'access-control-max-age': ['9'],
    })
  })

  test('carries what a Function URL says beside what its function says', async (t) => {
    const api = await serve(t, apiOf('function-url', ['$default'], { cors: CORS }))
    assert.deepEqual(corsOf(await api.send('/', GET))['access-control-allow-origin'], [
      'https://own.test',
      'https://app.test',
    ])
    const preflight = await options(api, '/')
    assert.deepEqual([preflight.status, preflight.text, api.calls()], [200, '', 1])
  })

  test('carries them too when it is streamed', async (t) => {
    const served = await serveApi(t, {
      apis: [apiOf('function-url', ['$default'], { cors: CORS, responseMode: 'stream' })],
      invoke: async ({ stream }) => {
        stream?.start('text/plain')
        stream?.write(Buffer.from('hello'))
        return {
          status: 'ok',
          result: { kind: 'streamed' },
          handlerStarted: true,
          attempts: 1,
          waitedMs: 0,
        }
      },
    })
    const answer = await served.send('/', GET)
    assert.deepEqual(
      [answer.text, corsOf(answer)['access-control-allow-origin']],
      ['hello', ['https://app.test']],
    )
  })
})

describe('A preflight of a REST API', () => {
  const rest = (
    preflight: Partial<Preflight> = {},
    routes = ['POST /x', 'ANY /{proxy+}'],
  ): HttpApi =>
    apiOf('rest', routes, {
      route: { authorizer: { kind: 'iam' } },
      preflights: [
        {
          path: '/x',
          status: 200,
          rawHeaders: [
            'Access-Control-Allow-Origin',
            'https://a.test',
            'Cache-Control',
            'no-store',
          ],
          ...preflight,
        },
      ],
    })

  test('is answered the same, whoever asks, under the stage and without it', async (t) => {
    const api = await serve(t, rest())
    for (const [path, headers] of [
      ['/dev/x', {}],
      ['/x', PREFLIGHT],
    ] as const) {
      const answer = await options(api, path, headers)
      assert.deepEqual(
        [answer.status, answer.text, answer.headers['content-type']],
        [200, '', 'application/json'],
      )
      assert.deepEqual(corsOf(answer), { 'access-control-allow-origin': ['https://a.test'] })
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.ok(answer.headers['x-amzn-requestid'] && answer.headers['x-amz-apigw-id'])
    }
    assert.equal(api.calls(), 0)
  })

  test('is none at another path', async (t) => {
    const api = await serve(t, rest())
    assert.equal((await options(api, '/dev/y')).status, 403)
  })

  test('leaves an OPTIONS method of a function to that', async (t) => {
    const own = apiOf('rest', ['OPTIONS /x'], {
      preflights: [{ path: '/x', status: 200, rawHeaders: [] }],
    })
    const api = await serve(t, own)
    assert.equal((await options(api, '/dev/x')).text, 'done')
  })

  for (const [origin, allowed] of [
    ['https://b.test', 'https://b.test'],
    ['https://x.c.test', 'https://x.c.test'],
    ['https://evil.test', 'https://a.test'],
  ] as const) {
    test(`of several origins names ${allowed} to ${origin}`, async (t) => {
      const api = await serve(
        t,
        rest({ origins: ['https://a.test', 'https://b.test', 'https://*.c.test'] }),
      )
      const answer = await options(api, '/dev/x', { ...PREFLIGHT, origin })
      assert.deepEqual(corsOf(answer)['access-control-allow-origin'], [allowed])
    })
  }
})
