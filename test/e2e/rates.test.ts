import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { runCli, startCli, type Server } from '../support/cli.ts'
import { findRedisServer, startRedis } from '../support/redis.ts'
import { makeFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

const server = findRedisServer()
const skip = 'missing' in server ? server.missing : false

const RATE = 50
const BURST = 100

const MANIFEST = `
service: rates
provider: { name: aws, runtime: nodejs24.x, apiGateway: { apiKeys: [{ name: ada, value: ada-key }], usagePlan: { quota: { limit: 3, period: MONTH } } } }
functions:
  h:
    handler: h.handler
    events:
      - httpApi: POST /limited
      - httpApi: POST /tight
      - httpApi: POST /free
      - http: { method: get, path: keyed, private: true }
`

const config = (more: string): string => `
functions: { h: { environmentConcurrency: 200 } }
rateLimit:
  routes:
    POST /limited: { rate: ${RATE}, burst: ${BURST} }
    POST /tight: { rate: 0.001, burst: 10 }
${more}
`

describe('Rate limits of running servers', { skip }, () => {
  test('200 requests against rate 50, burst 100: 100 and what a second refills are let through', async (t) => {
    const { api } = await serve(t, '')
    await fits(await flood([api], 200))
    assert.equal((await send(api, '/free')).status, 200)
  })

  test('two processes that share a Redis let through as much as one', async (t) => {
    const redis = await startRedis(t)
    const [one, two] = await Promise.all([
      serve(t, `redis: ${redis.url}`),
      serve(t, `redis: ${redis.url}`),
    ])
    await Promise.all([one, two].map((each) => each.line(/connected; rate limits are shared/)))
    await fits(await flood([one.api, two.api], 200))
  })

  test('a quota is used up for all processes, and for those that come after', async (t) => {
    const redis = await startRedis(t)
    const env = { SPILLWAY_REDIS: redis.url }
    const get = async ({ api }: Server) =>
      await fetch(`${api}/dev/keyed`, { headers: { 'x-api-key': 'ada-key' } })
    const [one, two] = await Promise.all([serve(t, '', env), serve(t, '', env)])
    for (const each of [one, two, one]) assert.equal((await get(each)).status, 200)
    const over = await get(two)
    assert.equal(over.status, 429)
    assert.equal(await over.text(), '{"message":"Limit Exceeded"}')
    await two.stop()
    assert.equal((await get(await serve(t, '', env))).status, 429)
  })

  for (const mode of ['local', 'open', 'closed'] as const) {
    test(`a Redis killed and restarted under load is answered with onRedisDown: ${mode}, and no other route notices`, async (t) => {
      const redis = await startRedis(t)
      const { api, admin, line } = await serve(t, `  onRedisDown: ${mode}\nredis: ${redis.url}`)
      const readyz = async () => await fetch(`${admin}/readyz?verbose`)
      await line(/connected/)
      const load = underLoad(api)

      assert.equal(await passing(api, 30), 10)
      const killed = line(/rate limits are counted by|let everything through|is refused/)
      await redis.kill()
      await killed
      assert.equal(await passing(api, 30), { local: 10, open: 30, closed: 0 }[mode])
      const down = await readyz()
      assert.equal(down.status, mode === 'closed' ? 503 : 200)
      assert.match(await down.text(), /redis (?:ok|failed): 127\.0\.0\.1:\d+ down; /)

      await redis.start()
      await until('Redis to be back', async () => / up$/m.test(await (await readyz()).text()))
      assert.equal(await passing(api, 30), 10)
      assert.equal((await readyz()).status, 200)
      const hung = line(/no answer within/)
      redis.hold()
      assert.ok((await passing(api, 30)) <= 30)
      await hung
      redis.goOn()

      const { free, limited } = await load.end()
      assert.deepEqual([...free.keys()], [200], 'a route without a limit')
      assert.deepEqual(
        [...limited.keys()].filter((status) => status !== 200 && status !== 429),
        [],
      )
      t.diagnostic(`free: ${free.get(200)}, limited: ${JSON.stringify([...limited])}`)
    })
  }

  test('a --redis that is no URL ends the start', async (t) => {
    const { exit, stderr } = await runCli(t, ['start', '--redis', 'http://:secret@cache', '.'])
    assert.equal(exit, 2)
    assert.match(stderr, /expected a URL such as redis:\/\/127\.0\.0\.1:6379/)
  })
})

async function serve(
  t: TestContext,
  more: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const folder = makeFolder({
    'serverless.yml': MANIFEST,
    'spillway.yml': config(more),
    'h.mjs': `export const handler = async () => ({ statusCode: 200, body: 'ok' })`,
  })
  const started = await startCli(t, ['start', folder], { cwd: folder, env })
  await send(started.api, '/free')
  return started
}

async function send(api: string, path: string): Promise<Response> {
  const response = await fetch(`${api}${path}`, { method: 'POST' })
  await response.arrayBuffer()
  return response
}

interface Flood {
  readonly statuses: readonly number[]
  readonly tookMs: number
}

/** So many requests at once, in turn to each. */
async function flood(apis: readonly string[], count: number): Promise<Flood> {
  const sinceMs = performance.now()
  const answers = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const response = await send(apis[i % apis.length] ?? '', '/limited')
      if (response.status === 429) assert.ok(Number(response.headers.get('retry-after')) >= 1)
      return response.status
    }),
  )
  return { statuses: answers, tookMs: performance.now() - sinceMs }
}

/** In a second 100 to 150; on a machine that takes longer for them, so much longer refills it. */
async function fits({ statuses, tookMs }: Flood): Promise<void> {
  const passed = statuses.filter((status) => status === 200).length
  const most = BURST + (RATE * Math.max(tookMs, 1000)) / 1000
  assert.ok(passed >= BURST && passed <= most, `${passed} passed in ${tookMs} ms`)
  assert.equal(statuses.filter((status) => status === 429).length, statuses.length - passed)
}

/** How many of so many requests at once pass the bucket of ten that does not fill up. */
async function passing(api: string, count: number): Promise<number> {
  const all = Array.from({ length: count }, async () => (await send(api, '/tight')).status)
  return (await Promise.all(all)).filter((status) => status === 200).length
}

interface Load {
  end(): Promise<Record<'free' | 'limited', ReadonlyMap<number, number>>>
}

/** Requests one after another on four connections to each route, until it is ended. */
function underLoad(api: string): Load {
  const over = new AbortController()
  const counts = { free: new Map<number, number>(), limited: new Map<number, number>() }
  const loop = async (route: 'free' | 'limited'): Promise<void> => {
    while (!over.signal.aborted) {
      const { status } = await send(api, `/${route}`)
      counts[route].set(status, (counts[route].get(status) ?? 0) + 1)
    }
  }
  const loops = (['free', 'limited'] as const).flatMap((route) =>
    Array.from({ length: 4 }, async () => await loop(route)),
  )
  return {
    async end() {
      over.abort()
      await Promise.all(loops)
      return counts
    },
  }
}
