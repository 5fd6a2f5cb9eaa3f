import assert from 'node:assert/strict'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { createServer } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import * as forExpress from '../../src/adapters/express.ts'
import * as forFastify from '../../src/adapters/fastify.ts'
import * as forHono from '../../src/adapters/hono.ts'
import * as forNode from '../../src/adapters/node.ts'
import { virtualClock } from '../../src/lib/clock.ts'
import type { RateLimitOptions } from '../../src/rates/index.ts'
import { findRedisServer, startRedis } from '../support/redis.ts'
import { fromFetch, listen } from './frameworks.ts'

interface Limits extends RateLimitOptions {
  readonly front?: 'rest' | 'httpapi' | 'function-url' | 'alb'
  /** The name of a header whose values have a limit each. */
  readonly by?: string
}

type Serve = (t: TestContext, limits: Limits) => Promise<string>

const SERVERS: Readonly<Record<string, Serve>> = {
  async Express(t, { by, ...limits }) {
    const key = by && {
      key: ({ headers }: { headers: NodeJS.Dict<unknown> }) => String(headers[by]),
    }
    const limit = forExpress.rateLimit({ ...limits, ...key })
    t.after(() => limit.close())
    const app = express()
    app.get('/', limit, (_request, response) => void response.send('through'))
    return await listen(t, createServer(app))
  },
  async 'node:http'(t, { by, ...limits }) {
    const key = by && {
      key: ({ headers }: { headers: NodeJS.Dict<unknown> }) => String(headers[by]),
    }
    const limit = forNode.rateLimit({ ...limits, ...key })
    t.after(() => limit.close())
    return await listen(
      t,
      createServer((request, response) => limit(request, response, () => response.end('through'))),
    )
  },
  async Fastify(t, { by, ...limits }) {
    const key = by && {
      key: ({ headers }: { headers: NodeJS.Dict<unknown> }) => String(headers[by]),
    }
    const limit = forFastify.rateLimit({ ...limits, ...key })
    const app = fastify()
    app.get('/', { onRequest: limit }, async () => 'through')
    t.after(async () => {
      limit.close()
      await app.close()
    })
    return await app.listen({ port: 0, host: '127.0.0.1' })
  },
  async Hono(t, { by, ...limits }) {
    const key = by && {
      key: ({ req }: { req: { header(name: string): unknown } }) => String(req.header(by)),
    }
    const limit = forHono.rateLimit({ ...limits, ...key })
    t.after(() => limit.close())
    const app = new Hono().get('/', limit, (context) => context.text('through'))
    return await listen(t, createServer(fromFetch(app)))
  },
}

/** How many of so many requests were let through; all others were 429. */
async function through(url: string, requests: number, headers = {}): Promise<number> {
  const ask = async (): Promise<number> => {
    const response = await fetch(url, { headers })
    await response.arrayBuffer()
    return response.status
  }
  const statuses = await Promise.all(Array.from({ length: requests }, ask))
  assert.deepEqual(
    [...new Set(statuses)].filter((status) => status !== 200 && status !== 429),
    [],
  )
  return statuses.filter((status) => status === 200).length
}

for (const [name, serve] of Object.entries(SERVERS)) {
  describe(`rateLimit() under ${name}`, () => {
    test('lets the burst through, and then what its rate gives back', async (t) => {
      const clock = virtualClock()
      const url = await serve(t, { rate: 50, burst: 100, clock })
      assert.equal(await through(url, 200), 100)
      clock.advance(1000)
      assert.equal(await through(url, 100), 50)
    })

    test("answers the rest with the front end's 429 and when to come again", async (t) => {
      const clock = virtualClock()
      const url = await serve(t, { rate: 0.25, burst: 1, clock })
      assert.equal(await through(url, 1), 1)
      const refused = await fetch(url)
      assert.equal(await refused.text(), '{"message":"Too Many Requests"}')
      assert.equal(refused.headers.get('retry-after'), '4')
      assert.equal(refused.headers.get('x-amzn-errortype'), 'TooManyRequestsException')
      const own = await serve(t, { rate: 0, burst: 0, front: 'function-url' })
      assert.match(await (await fetch(own)).text(), /"Reason":.*Rate Exceeded\./)
    })

    test('counts for each key by itself', async (t) => {
      const url = await serve(t, { rate: 1, burst: 2, by: 'x-key', clock: virtualClock() })
      assert.equal(await through(url, 5, { 'x-key': 'a' }), 2)
      assert.equal(await through(url, 5, { 'x-key': 'b' }), 2)
    })

    test('shares its count on Redis', async (t) => {
      const found = findRedisServer()
      if ('missing' in found) return t.skip(found.missing)
      const { url: redis } = await startRedis(t)
      const limits = { rate: 0.001, burst: 30, redis }
      const [one, other] = [await serve(t, limits), await serve(t, limits)]
      const counts = await Promise.all([through(one, 40), through(other, 40)])
      assert.equal(counts[0] + counts[1], 30)
    })

    test('is refused where it is no limit', async (t) => {
      await assert.rejects(serve(t, { rate: Number.NaN, burst: 1 }), /expected rate and burst/)
    })
  })
}
