import assert from 'node:assert/strict'
import express from 'express'
import * as fc from 'fast-check'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { describe, test } from 'node:test'
import { expressToLambda, lambdaToExpress } from '../../src/adapters/express.ts'
import { fastifyToLambda, lambdaToFastify } from '../../src/adapters/fastify.ts'
import { honoToLambda, lambdaToHono } from '../../src/adapters/hono.ts'
import { lambdaToNode, nodeToLambda } from '../../src/adapters/node.ts'
import type { RouteContext } from '../../src/events/index.ts'
import { send, type WireResponse } from '../conformance/wire.ts'
import { fromFetch, listen } from './frameworks.ts'

type Front = Pick<RouteContext, 'front' | 'payload' | 'multiValueHeaders'>
const FRONTS: readonly Front[] = [
  { front: 'rest', payload: '1.0' },
  { front: 'httpapi', payload: '1.0' },
  { front: 'httpapi', payload: '2.0' },
  { front: 'function-url', payload: '2.0' },
  { front: 'alb', payload: '1.0', multiValueHeaders: true },
]

/** What the app is told to answer. */
interface Order {
  readonly status: number
  readonly headers: readonly (readonly [string, string[]])[]
  readonly pieces: readonly string[]
}

/** Does as its request's body says, and tells in a header what it saw of the request. */
const obey = (told: string, request: IncomingMessage): Order & { readonly saw: string } => {
  const order = JSON.parse(told) as Order
  const { 'x-sent': sent = '', accept = '', cookie = '' } = request.headers
  return { ...order, saw: JSON.stringify([request.method, request.url, sent, accept, cookie]) }
}

const nodeApp: RequestListener = (request, response) => {
  void (async () => {
    const { status, headers, pieces, saw } = obey(
      String(Buffer.concat(await request.toArray())),
      request,
    )
    response.statusCode = status
    for (const [name, values] of headers) response.setHeader(name, values)
    response.setHeader('x-saw', saw)
    for (const piece of pieces) response.write(Buffer.from(piece, 'base64'))
    response.end()
  })()
}

/** The same app, once as it is and once as a Lambda handler wrapped again. */
interface Pair {
  readonly plain: RequestListener
  wrapped(options: object): RequestListener | Promise<RequestListener>
}

const PAIRS: Readonly<Record<string, Pair>> = {
  'node:http': {
    plain: nodeApp,
    wrapped: (options) => lambdaToNode(nodeToLambda(nodeApp), options),
  },
  Express: (() => {
    const app = express().use(nodeApp)
    return {
      plain: app,
      wrapped: (options) => express().use(lambdaToExpress(expressToLambda(app), options)) as never,
    }
  })(),
  Fastify: (() => {
    const app = rawFastify()
    app.all('*', (request, reply) => {
      const { status, headers, pieces, saw } = obey(String(request.body), request.raw)
      reply.code(status)
      for (const [name, values] of headers) reply.header(name, values)
      return reply
        .header('x-saw', saw)
        .send(Buffer.concat(pieces.map((each) => Buffer.from(each, 'base64'))))
    })
    return {
      plain: (request, response) => void app.ready().then(() => app.routing(request, response)),
      async wrapped(options) {
        const outer = rawFastify()
        outer.all('*', lambdaToFastify(fastifyToLambda(app), options))
        await outer.ready()
        return (request, response) => outer.routing(request, response)
      },
    }
  })(),
  Hono: (() => {
    const app = new Hono()
    app.all('*', async (context) => {
      const { req } = context
      const url = new URL(req.url)
      const seen = {
        method: req.method,
        url: `${url.pathname}${url.search}`,
        headers: req.header(),
      }
      const { status, headers, pieces, saw } = obey(await req.text(), seen as never)
      for (const [name, values] of headers) {
        for (const value of values) context.header(name, value, { append: true })
      }
      context.header('x-saw', saw)
      const body = Buffer.concat(pieces.map((each) => Buffer.from(each, 'base64')))
      const hasNone = status === 204 || status === 304
      return context.body((hasNone ? null : body) as never, status as 200)
    })
    return {
      plain: fromFetch(app),
      wrapped: (options) =>
        fromFetch(new Hono().all('*', lambdaToHono(honoToLambda(app), options))),
    }
  })(),
}

function rawFastify(): FastifyInstance {
  const app = fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  return app
}

const TOKEN = fc.stringMatching(/^x-[a-z][a-z0-9-]{0,8}$/)
const VALUE = fc.stringMatching(/^[!-~](?:[ -~]{0,12}[!-~])?$/)
const BODY_TYPES = ['text/plain', 'application/json', 'image/png', 'text/html; charset=latin1']

const ORDER: fc.Arbitrary<Order> = fc.record({
  status: fc.constantFrom(200, 201, 204, 302, 304, 400, 404, 418, 500, 599),
  headers: fc
    .tuple(
      fc.uniqueArray(fc.tuple(TOKEN, fc.array(VALUE, { minLength: 1, maxLength: 3 })), {
        maxLength: 4,
        selector: ([name]) => name,
      }),
      fc.array(fc.stringMatching(/^[a-z]=[a-z0-9]{0,4}$/), { maxLength: 3 }),
      fc.constantFrom(...BODY_TYPES),
    )
    .map(([others, cookies, type]) => [
      ...others.filter(([name]) => name !== 'x-saw'),
      ...(cookies.length === 0 ? [] : [['set-cookie', cookies] as [string, string[]]]),
      ['content-type', [type]] as [string, string[]],
    ]),
  pieces: fc.array(
    fc
      .oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
      )
      .map((piece) => Buffer.from(piece).toString('base64')),
    { maxLength: 3 },
  ),
})

const REQUEST = fc.record({
  method: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'),
  path: fc.array(fc.stringMatching(/^(?:[a-z0-9~_.-]|%20|%C3%A9){1,6}$/), { maxLength: 3 }),
  query: fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), fc.string({ unit: 'grapheme' })), {
    maxLength: 3,
  }),
  headers: fc.tuple(
    VALUE,
    VALUE,
    fc.stringMatching(/^[a-z]=[a-z0-9]{1,4}(?:; [a-z]=[0-9]{1,3})?$/),
  ),
  order: ORDER,
})

for (const [name, pair] of Object.entries(PAIRS)) {
  describe(`${name}, to Lambda and back`, () => {
    for (const front of FRONTS) {
      test(`answers as the app itself, by way of ${front.front} ${front.payload}`, async (t) => {
        const options = { ...front, binaryMediaTypes: ['*/*'] }
        const plain = await listen(t, createServer(pair.plain))
        const wrapped = await listen(t, createServer(await pair.wrapped(options)))
        const property = fc.asyncProperty(
          REQUEST,
          async ({ method, path, query, headers, order }) => {
            const pairs = query.map(
              ([key, value]) => `${key}=${encodeURIComponent(value.toWellFormed())}`,
            )
            const [sent, accept, cookie] = headers
            const request = {
              method,
              // Dots are what URL resolution takes away, in Hono.
              target: `/p${path.map((each) => `/-${each}`).join('')}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`,
              headers: [
                ['X-Sent', sent],
                ['Accept', accept],
                ['Cookie', cookie],
                ['Content-Type', 'application/json'],
              ] as const,
              body: JSON.stringify(order),
            }
            const [own, back] = await Promise.all([send(plain, request), send(wrapped, request)])
            assert.deepEqual(facts(back, front), facts(own, front))
          },
        )
        await fc.assert(property, { numRuns: 40 })
      })
    }
  })
}

/** What must be the same: all but what the connection and the front end add. */
function facts({ status, headers, body }: WireResponse, { front, payload }: Front): unknown {
  const lists = new Map<string, string[]>()
  for (const [spelt, value] of headers) {
    const name = spelt.toLowerCase()
    if (OF_THE_WAY.test(name)) continue
    lists.set(name, [...(lists.get(name) ?? []), value])
  }
  // Where values travel in one map, repeats are joined, which HTTP says is the same.
  const joined = [...lists].map(([name, values]) => [
    name,
    name === 'set-cookie' ? values : values.join(', '),
  ])
  const sorted = joined.sort(([a = ''], [b = '']) => (String(a) < String(b) ? -1 : 1))
  // Payload 1.0 has no order between different keys of a query.
  const saw = (value: unknown): unknown => (payload === '1.0' ? inAnyOrder(String(value)) : value)
  return {
    status,
    headers: sorted.map(([name, value]) => [name, name === 'x-saw' ? saw(value) : value]),
    body: body.toString('base64'),
    front,
  }
}

function inAnyOrder(saw: string): unknown {
  const [method, target, ...rest] = JSON.parse(saw) as string[]
  const [path, query = ''] = (target ?? '').split('?')
  return [method, path, query.split('&').toSorted(), ...rest]
}

const OF_THE_WAY =
  /^(?:date|connection|keep-alive|transfer-encoding|content-length|x-amzn-.*|x-amz-.*|apigw-requestid)$/
