import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { load, oneFunction, tryLoad } from './project.ts'

const HEADERS =
  'Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token,X-Amz-User-Agent,X-Amzn-Trace-Id'
const restOf = (...events: readonly string[]): string =>
  oneFunction({ fn: `events:\n${events.map((event) => `- http: ${event}`).join('\n')}` })
const httpOf = (cors: string, events = ['GET /a', 'POST /a']): string =>
  oneFunction({
    fn: `events:\n${events.map((each) => `- httpApi: ${each}`).join('\n')}`,
    provider: `httpApi:\n  cors: ${cors}`,
  })

describe('cors of an http event', () => {
  const preflight = (
    methods: string,
    more: readonly string[] = [],
    origin = '*',
    headers = HEADERS,
  ) => [
    'Access-Control-Allow-Origin',
    origin,
    'Access-Control-Allow-Headers',
    headers,
    'Access-Control-Allow-Methods',
    methods,
    ...more,
  ]
  for (const [events, expected, origins] of [
    [['{ path: x, method: get, cors: true }'], preflight('OPTIONS,GET')],
    [['{ path: x, method: any, cors: true }'], preflight('OPTIONS,DELETE,GET,HEAD,PATCH,POST,PUT')],
    [
      ['{ path: x, method: get, cors: true }', '{ path: x, method: post, cors: true }'],
      preflight('OPTIONS,POST,GET'),
    ],
    [
      [
        '{ path: x, method: get, cors: { origin: "https://a.test", headers: [X-A], allowCredentials: true, maxAge: 60, cacheControl: no-store } }',
      ],
      preflight(
        'OPTIONS,GET',
        [
          'Access-Control-Allow-Credentials',
          'true',
          'Access-Control-Max-Age',
          '60',
          'Cache-Control',
          'no-store',
        ],
        'https://a.test',
        'X-A',
      ),
    ],
    [
      [
        '{ path: x, method: get, cors: { origins: ["https://a.test", "https://*.b.test"], headers: X-A } }',
      ],
      preflight('OPTIONS,GET', [], 'https://a.test', 'X-A'),
      ['https://a.test', 'https://*.b.test'],
    ],
    [
      ['{ path: x, method: get, cors: { origin: "https://a.test, https://b.test" } }'],
      preflight('OPTIONS,GET', [], 'https://a.test'),
      ['https://a.test', 'https://b.test'],
    ],
    [['{ path: x, method: get, cors: { methods: [PATCH] } }'], preflight('PATCH,OPTIONS,GET')],
  ] as const) {
    test(events.join(' '), async () => {
      const app = await load({ 'serverless.yml': restOf(...events) })
      const wanted = {
        path: '/x',
        status: 200,
        rawHeaders: expected,
        ...(origins === undefined ? {} : { origins }),
      }
      assert.deepEqual(app.apis[0]?.preflights, [wanted])
      assert.deepEqual(app.notes, [])
    })
  }

  test('that is false, or not there, makes none', async () => {
    const app = await load({
      'serverless.yml': restOf('{ path: x, method: get, cors: false }', 'GET /y'),
    })
    assert.equal(app.apis[0]?.preflights, undefined)
  })

  test('with a key that is not known is an error', async () => {
    const { errors } = await tryLoad({
      'serverless.yml': restOf('{ path: x, method: get, cors: { orgin: "*" } }'),
    })
    assert.deepEqual(errors, [
      'serverless.yml:9:45  "orgin" of cors is not supported, did you mean "origin"?',
    ])
  })
})

describe('cors of an HTTP API', () => {
  const DEFAULTS = {
    allowOrigins: ['*'],
    allowHeaders: HEADERS.split(','),
    allowMethods: ['OPTIONS', 'GET', 'POST'],
    exposeHeaders: [],
    allowCredentials: false,
  }
  for (const [cors, expected] of [
    ['true', DEFAULTS],
    ['{}', DEFAULTS],
    [
      '{ allowedOrigins: ["https://a.test"], allowedHeaders: X-A, allowedMethods: [GET], allowCredentials: true, exposedResponseHeaders: [X-B], maxAge: 60 }',
      {
        allowOrigins: ['https://a.test'],
        allowHeaders: ['X-A'],
        allowMethods: ['GET'],
        exposeHeaders: ['X-B'],
        allowCredentials: true,
        maxAgeS: 60,
      },
    ],
    ['false', undefined],
  ] as const) {
    test(cors, async () => {
      const app = await load({ 'serverless.yml': httpOf(cors) })
      assert.deepEqual(app.apis[0]?.cors, expected)
    })
  }

  test('names all methods for ANY', async () => {
    const app = await load({ 'serverless.yml': httpOf('true', ['"*"']) })
    assert.deepEqual(app.apis[0]?.cors?.allowMethods, [
      'OPTIONS',
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'HEAD',
      'DELETE',
    ])
  })

  for (const [cors, error] of [
    [
      '{ allowCredentials: true }',
      '5:31  expected allowCredentials only with allowedOrigins other than "*", got: true',
    ],
    [
      '{ allowOrigins: ["*"] }',
      '5:13  "allowOrigins" of cors is not supported, did you mean "allowedOrigins"?',
    ],
    [
      '{ maxAge: 86401 }',
      '5:21  expected maxAge to be a whole number of seconds from -1 to 86400, got: 86401',
    ],
  ] as const) {
    test(`${cors} is an error`, async () => {
      const { errors } = await tryLoad({ 'serverless.yml': httpOf(cors) })
      assert.deepEqual(errors, [`serverless.yml:${error}`])
    })
  }
})
