import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { App } from '../../src/model/app.ts'
import type { Throttle } from '../../src/model/front-rules.ts'
import { load, oneFunction, tryLoad, type Files } from './project.ts'

const PLUGIN = 'plugins: [serverless-api-gateway-throttling]\n'

/** Of every route, by its key. */
function throttles({ apis }: App): Record<string, Throttle | undefined> {
  const routes = apis.flatMap((api) => api.routes)
  return Object.fromEntries(
    routes.map(({ method, path, throttle }) => [`${method} ${path}`, throttle]),
  )
}

function withEvents(...events: string[]): string {
  return `events:\n${events.map((event) => `  - ${event}`).join('\n')}`
}

describe('serverless-api-gateway-throttling', () => {
  const fn = withEvents(
    'http: GET /plain',
    'http: { method: get, path: own, throttling: { maxRequestsPerSecond: 300, maxConcurrentRequests: 7 } }',
    'http: { method: get, path: half, throttling: { maxRequestsPerSecond: 0.5 } }',
    'http: { method: get, path: off, throttling: { disabled: true } }',
    'httpApi: POST /too',
  )

  test('gives each route its own numbers, or the stage’s', async () => {
    const top = `${PLUGIN}custom: { apiGatewayThrottling: { maxRequestsPerSecond: 100, maxConcurrentRequests: 50 } }`
    const manifest = oneFunction({ fn, top })
    const { app, notes } = await tryLoad({ 'serverless.yml': manifest })
    assert.ok(app !== undefined)
    assert.deepEqual(notes, [], 'a plugin that is known')
    assert.deepEqual(throttles(app), {
      'GET /plain': { rate: 100, burst: 50 },
      'GET /own': { rate: 300, burst: 7 },
      'GET /half': { rate: 0.5, burst: 50 },
      'GET /off': undefined,
      'POST /too': { rate: 100, burst: 50 },
    })
  })

  test('takes the account’s limits where the stage leaves one open', async () => {
    const top = `${PLUGIN}custom: { apiGatewayThrottling: { maxConcurrentRequests: 0 } }`
    const app = await load({ 'serverless.yml': oneFunction({ fn, top }) })
    assert.deepEqual(throttles(app)['GET /plain'], { rate: 10_000, burst: 5000 })
  })

  test('does nothing where it would do nothing on AWS, and says so', async () => {
    const custom = 'custom: { apiGatewayThrottling: { maxRequestsPerSecond: 1 } }'
    const without = await tryLoad({ 'serverless.yml': oneFunction({ fn, top: custom }) })
    assert.deepEqual(new Set(Object.values(throttles(without.app as App))), new Set([undefined]))
    assert.match(without.notes.join('\n'), /has no effect without the plugin serverless-api-/)
    const alone = await tryLoad({ 'serverless.yml': oneFunction({ fn, top: PLUGIN }) })
    assert.deepEqual(new Set(Object.values(throttles(alone.app as App))), new Set([undefined]))
    assert.match(alone.notes.join('\n'), /has no effect without custom\.apiGatewayThrottling/)
  })

  test('stops the start by a number that is none', async () => {
    const top = `${PLUGIN}custom: { apiGatewayThrottling: { maxRequestsPerSecond: fast, maxConcurentRequests: 5 } }`
    const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn, top }) })
    assert.deepEqual(
      errors.map((error) => error.replace(/^\S+ +/, '')),
      [
        'unknown key "maxConcurentRequests", did you mean "maxConcurrentRequests"?',
        'expected maxRequestsPerSecond of apiGatewayThrottling to be a number of at least 0, got: "fast"',
      ],
    )
  })
})

describe('Usage plans', () => {
  const fn = withEvents('http: { method: get, path: a, private: true }')
  const keys = `apiKeys: [{ name: ada, value: ada-key }, { name: off, value: x, enabled: false }, { value: nameless }]`

  const plansOf = async (apiGateway: string) =>
    await tryLoad({
      'serverless.yml': oneFunction({ fn, provider: `apiGateway:\n  ${apiGateway}` }),
    })

  test('are one of all keys', async () => {
    const plan =
      'usagePlan: { quota: { limit: 5000, offset: 2, period: month }, throttle: { burstLimit: 200, rateLimit: 100 } }'
    const { app } = await plansOf(`${keys}\n  ${plan}`)
    assert.deepEqual(app?.apis[0]?.usagePlans, [
      {
        name: 's-dev',
        keys: [
          { name: 'ada', value: 'ada-key' },
          { name: '', value: 'nameless' },
        ],
        throttle: { rate: 100, burst: 200 },
        quota: { limit: 5000, period: 'MONTH', offset: 2 },
      },
    ])
    assert.deepEqual(app?.apis[0]?.apiKeys, ['ada-key', 'nameless'])
  })

  test('are a list of named ones with keys of their own', async () => {
    const { app } = await plansOf(`apiKeys:
    - free: [{ name: ada, value: ada-key }]
    - paid: [{ name: bob, value: bob-key }]
  usagePlan:
    - free: { quota: { limit: 10, period: DAY } }
    - paid: { throttle: { burstLimit: 20, rateLimit: 0.5 } }`)
    assert.deepEqual(app?.apis[0]?.usagePlans, [
      {
        name: 's-free-dev',
        keys: [{ name: 'ada', value: 'ada-key' }],
        quota: { limit: 10, period: 'DAY', offset: 0 },
      },
      {
        name: 's-paid-dev',
        keys: [{ name: 'bob', value: 'bob-key' }],
        throttle: { rate: 0.5, burst: 20 },
      },
    ])
  })

  test('are none where there are keys alone', async () => {
    const { app } = await plansOf(keys)
    assert.deepEqual(app?.apis[0]?.usagePlans, [])
  })

  test('have to be there for a key that stands under a name', async () => {
    const named = await plansOf(`apiKeys: [{ fre: [{ value: k }] }]
  usagePlan: [{ free: { quota: { limit: 1, period: DAY } } }]`)
    assert.deepEqual(named.errors, [
      'serverless.yml:5:23  expected a usage plan for the API keys of "fre" in the list of usagePlan, got: none',
    ])
    const bare = await plansOf(`apiKeys: [{ value: k }]
  usagePlan: [{ free: { quota: { limit: 1, period: DAY } } }]`)
    assert.match(bare.errors.join('\n'), /expected a usage plan for this API key/)
  })

  test('stop the start by what is missing or out of range', async () => {
    const cases: [plan: string, error: RegExp][] = [
      ['{ quota: { limit: 5 } }', /expected the quota of the usage plan to have a period/],
      ['{ quota: { period: DAY } }', /expected the quota of the usage plan to have a limit/],
      ['{ quota: { limit: 5, period: YEAR } }', /to be one of DAY, WEEK, MONTH, got: "YEAR"/],
      ['{ quota: { limit: 5, period: DAY, offset: 1 } }', /offset .* from 0 to 0, got: 1/],
      ['{ quota: { limit: 5, period: WEEK, offset: 7 } }', /offset .* from 0 to 6, got: 7/],
      ['{ quota: { limit: 1.5, period: DAY } }', /limit .* to be a whole number of at least 0/],
      ['{ throttle: { burstLimit: 5 } }', /expected the throttle .* to have a rateLimit/],
      ['{ throttle: { rateLimit: 5 } }', /expected the throttle .* to have a burstLimit/],
      ['{ throttel: {} }', /unknown key "throttel", did you mean "throttle"\?/],
      ['"${ssm:/plan}"', /expected the usage plan to be a map/],
      ['{ throttle: "${ssm:/plan}" }', /expected the throttle of the usage plan to be a map/],
      ['{ throttle: { burstLimit: "${ssm:/n}", rateLimit: 1 } }', /burstLimit .* whole number/],
    ]
    for (const [plan, error] of cases) {
      const { errors } = await plansOf(`${keys}\n  usagePlan: ${plan}`)
      assert.match(errors.join('\n'), error, plan)
    }
  })

  test('that nobody is asked a key for are noted', async () => {
    const plan = 'apiGateway: { usagePlan: { throttle: { burstLimit: 1, rateLimit: 1 } } }'
    const open = oneFunction({ fn: withEvents('http: GET /a'), provider: plan })
    const { notes } = await tryLoad({ 'serverless.yml': open })
    assert.match(notes.join('\n'), /no route asks for an API key .* so no usage plan is in force/)
  })
})

describe('rateLimit in spillway.yml', () => {
  const fn = withEvents(
    'httpApi: POST /lead/{id}',
    'httpApi: GET /lead/{id}',
    'httpApi: GET /health',
    "httpApi: '*'",
  )
  const manifest = oneFunction({ fn })
  const FAST = { rate: 50, burst: 100 }
  const SLOW = { rate: 0.5, burst: 1 }
  const withConfig = (config: string, text = manifest): Files => ({
    'serverless.yml': text,
    'spillway.yml': config,
  })

  test('gives routes a rate by name, and the others a default', async () => {
    const config = `rateLimit:
  default: { rate: 50, burst: 100 }
  routes:
    POST /lead/*: { rate: 0.5, burst: 1 }
    $default: { rate: 0, burst: 0 }
`
    assert.deepEqual(throttles(await load(withConfig(config))), {
      'POST /lead/{id}': SLOW,
      'GET /lead/{id}': FAST,
      'GET /health': FAST,
      'ANY $default': { rate: 0, burst: 0 },
    })
  })

  test('has the longest of several patterns count, in whatever order they stand', async () => {
    const config = `rateLimit:
  routes:
    GET /health: { rate: 50, burst: 100 }
    GET *: { rate: 0.5, burst: 1 }
`
    const { 'GET /health': named, 'GET /lead/{id}': any } = throttles(
      await load(withConfig(config)),
    )
    assert.deepEqual([named, any], [FAST, SLOW])
  })

  test('wins over the manifest by name, and by default only where that says nothing', async () => {
    const top = `${PLUGIN}custom:
  apiGatewayThrottling: { maxRequestsPerSecond: 7, maxConcurrentRequests: 7 }
  spillway: { rateLimit: { routes: { 'GET /health': { rate: 1, burst: 1 }, 'GET /lead/*': { rate: 2, burst: 2 } } } }`
    const config = `rateLimit:
  default: { rate: 50, burst: 100 }
  routes: { GET /health: { rate: 0.5, burst: 1 } }
`
    assert.deepEqual(throttles(await load(withConfig(config, oneFunction({ fn, top })))), {
      'POST /lead/{id}': { rate: 7, burst: 7 },
      'GET /lead/{id}': { rate: 2, burst: 2 },
      'GET /health': SLOW,
      'ANY $default': { rate: 7, burst: 7 },
    })
  })

  test('speaks of the routes of its own service alone', async () => {
    const app = await load(
      {
        'one/serverless.yml': oneFunction({ fn: withEvents('httpApi: GET /one') }),
        'one/h.js': '',
        'one/spillway.yml': 'rateLimit: { default: { rate: 50, burst: 100 } }\n',
        'two/serverless.yml': oneFunction({ fn: withEvents('httpApi: GET /two') }).replace(
          'service: s',
          'service: two',
        ),
        'two/h.js': '',
      },
      { paths: ['one', 'two'] },
    )
    assert.deepEqual(throttles(app), { 'GET /one': FAST, 'GET /two': undefined })
  })

  test('names a Redis, and what becomes of the limits without it', async () => {
    const config = 'redis: ${env:REDIS}\nrateLimit: { onRedisDown: Closed }\n'
    const env = { REDIS: 'rediss://:secret@cache:6380/1' }
    const { redis, onRedisDown } = await load(withConfig(config), { env })
    assert.deepEqual([redis, onRedisDown], [env.REDIS, 'closed'])
    const none = await load(withConfig('mode: spillway\n'))
    assert.deepEqual([none.redis, none.onRedisDown], [undefined, undefined])
  })

  test('stops the start by what is wrong, and never shows a password', async () => {
    const cases: [config: string, error: string][] = [
      [
        'rateLimit: { routes: { GET /helth: { rate: 1, burst: 1 } } }',
        '1:24  no route is "GET /helth", did you mean "GET /health"?',
      ],
      ['rateLimit: { defaul: 1 }', '1:14  unknown key "defaul", did you mean "default"?'],
      [
        'rateLimit: { default: { rate: 5 } }',
        '1:23  expected the default rate to have a burst, got: nothing',
      ],
      [
        'rateLimit: { default: { rate: -1, burst: 1 } }',
        '1:31  expected rate of the default rate to be a number of at least 0, got: -1',
      ],
      [
        'rateLimit: { routes: { POST /leed/*: { rate: 1, burst: 1 } } }',
        '1:24  no route is "POST /leed/*"; there are POST /lead/{id}, GET /lead/{id}, GET /health, $default',
      ],
      [
        'rateLimit: { onRedisDown: shut }',
        '1:27  expected onRedisDown to be one of local, open, closed, got: "shut"',
      ],
      [
        'redis: http://:secret@cache',
        '1:8  expected redis to be a URL such as redis://127.0.0.1:6379',
      ],
      [
        'redis: ${ssm:/redis}',
        '1:8  expected redis to be a text, got: ${ssm:/redis}, and ssm: is looked up only when deploying to AWS',
      ],
    ]
    for (const [config, error] of cases) {
      const { errors } = await tryLoad(withConfig(`${config}\n`))
      assert.deepEqual(errors, [`spillway.yml:${error}`], config)
    }
  })
})
