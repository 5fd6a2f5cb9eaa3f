import assert from 'node:assert/strict'
import express from 'express'
import fastify from 'fastify'
import type { RequestListener } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, test } from 'node:test'
import { createGzip, gunzipSync } from 'node:zlib'
import { expressToLambda } from '../../src/adapters/express.ts'
import { fastifyToLambda } from '../../src/adapters/fastify.ts'
import { nodeToLambda } from '../../src/adapters/node.ts'
import { toEvent, type HttpRequest, type RouteContext } from '../../src/events/index.ts'
import type { Json } from '../conformance/cases.ts'

type Front = Pick<RouteContext, 'front' | 'payload' | 'multiValueHeaders'>
const FRONTS: readonly Front[] = [
  { front: 'rest', payload: '1.0' },
  { front: 'httpapi', payload: '1.0' },
  { front: 'httpapi', payload: '2.0' },
  { front: 'function-url', payload: '2.0' },
  { front: 'alb', payload: '1.0', multiValueHeaders: true },
]

/** The event that a front end makes of a request. */
function eventOf(front: Front, request: Partial<HttpRequest> = {}): object {
  const route: RouteContext = {
    ...front,
    accountId: '123456789012',
    apiId: 'abc',
    stage: front.front === 'rest' ? 'dev' : '$default',
    stageVariables: {},
    binaryMediaTypes: ['*/*'],
    method: 'ANY',
    path: front.front === 'rest' ? '/{proxy+}' : '$default',
  }
  return toEvent(
    {
      method: 'GET',
      target: '/',
      rawHeaders: ['Host', 'api.example.com'],
      body: new Uint8Array(0),
      sourceIp: '203.0.113.7',
      protocol: 'HTTP/1.1',
      timeEpochMs: 0,
      requestId: crypto.randomUUID(),
      traceId: 'Root=1-67891233-abcdef012345678912345678',
      port: 443,
      ...request,
    },
    route,
  )
}

const bytes = (text: string): Uint8Array => Buffer.from(text)

for (const front of FRONTS) {
  describe(`An Express app behind ${front.front} ${front.payload}`, () => {
    test('sees the request as it was sent', async () => {
      const app = express()
      app.set('trust proxy', 1)
      app.use(express.json(), (request, response) => {
        const { method, originalUrl, query, body, ip, protocol, hostname, headers } = request
        const { cookie, 'content-length': length } = headers
        response.json({ method, originalUrl, query, body, ip, protocol, hostname, cookie, length })
      })
      const event = eventOf(front, {
        method: 'POST',
        target: '/lead/a%20b?x=1&x=2&y=%C3%A9+z',
        rawHeaders: [
          'Host',
          'api.example.com',
          'Content-Type',
          'application/json',
          'Cookie',
          'a=1; b=2',
          'X-Forwarded-Proto',
          'https',
        ],
        body: bytes('{"name":"Ada"}'),
      })
      const { statusCode, body } = await expressToLambda(app)(event)
      const seen = JSON.parse(body)
      assert.equal(statusCode, 200)
      assert.match(seen.originalUrl, /^\/lead\/a%20b\?/)
      assert.deepEqual(seen.query, { x: ['1', '2'], y: 'é z' })
      assert.deepEqual(seen.body, { name: 'Ada' })
      const { method, ip, protocol, hostname, cookie, length } = seen
      assert.deepEqual(
        { method, ip, protocol, hostname, cookie, length },
        {
          method: 'POST',
          ip: '203.0.113.7',
          protocol: 'https',
          hostname: 'api.example.com',
          cookie: 'a=1; b=2',
          length: '14',
        },
      )
    })

    test('may stream, compress, and set cookies and headers more than once', async () => {
      const app = express()
      app.get('/', async (_request, response) => {
        response.setHeader('Set-Cookie', ['a=1', 'b=2'])
        response.setHeader('Vary', ['Accept', 'Origin'])
        response.setHeader('Content-Encoding', 'gzip')
        await pipeline(Readable.from(['one ', 'two']), createGzip(), response)
      })
      const result = await expressToLambda(app)(eventOf(front))
      assert.equal(result.isBase64Encoded, true)
      assert.equal(gunzipSync(Buffer.from(result.body, 'base64')).toString(), 'one two')
      const lists = result.multiValueHeaders ?? {}
      assert.deepEqual(result.cookies ?? lists['Set-Cookie'], ['a=1', 'b=2'])
      assert.deepEqual(lists['Vary'] ?? result.headers?.['Vary']?.split(', '), ['Accept', 'Origin'])
      for (const name of ['Date', 'Connection', 'Transfer-Encoding', 'Content-Length']) {
        assert.equal(result.headers?.[name], undefined)
      }
    })

    test('has its errors answered by Express, and event and context at hand', async () => {
      const app = express()
      app.get('/', (request) => {
        const { apiGateway } = request as unknown as { apiGateway: Json }
        throw Object.assign(new Error(apiGateway.context.awsRequestId), {
          status: 418,
          expose: true,
        })
      })
      app.use(((error: Error, request: Json, response: Json, _next: unknown) => {
        response.status(418).json([error.message, typeof request.apiGateway.event.requestContext])
      }) as never)
      const context = { awsRequestId: 'r-1' }
      const result = await expressToLambda(app)(eventOf(front), context)
      assert.deepEqual([result.statusCode, result.body], [418, '["r-1","object"]'])
    })
  })
}

describe('An app as a Lambda handler', () => {
  test('opens no port', async (t) => {
    const listens = t.mock.method((await import('node:net')).Server.prototype, 'listen')
    await nodeToLambda((_request, response) => response.end())(
      eventOf({ front: 'rest', payload: '1.0' }),
    )
    const app = fastify()
    app.get('/', async () => 'x')
    await fastifyToLambda(app)(eventOf({ front: 'rest', payload: '1.0' }))
    assert.equal(listens.mock.callCount(), 0)
  })

  test('fails where the app throws at once, rejects, or cuts the connection', async () => {
    const event = eventOf({ front: 'httpapi', payload: '2.0' })
    const boom = new Error('boom')
    const throwing = nodeToLambda(() => {
      throw boom
    })
    await assert.rejects(throwing(event), boom)
    await assert.rejects(nodeToLambda(async () => await Promise.reject(boom))(event), boom)
    await assert.rejects(
      nodeToLambda((request) => request.socket.destroy())(event),
      /socket hang up/,
    )
  })

  test('refuses an event that is no HTTP request', async () => {
    const handler = nodeToLambda((_request, response) => response.end())
    await assert.rejects(handler({ Records: [] }), /expected an event of API Gateway/)
  })

  test('serves many at once, each its own', async () => {
    const handler = nodeToLambda((request, response) => {
      setImmediate(() => response.end(request.url))
    })
    const front: Front = { front: 'httpapi', payload: '2.0' }
    const targets = Array.from({ length: 100 }, (_, i) => `/n/${i}`)
    const results = await Promise.all(
      targets.map(async (target) => (await handler(eventOf(front, { target }))).body),
    )
    assert.deepEqual(results, targets)
  })

  test('has the stage of an HTTP API taken off its path', async () => {
    const event = {
      ...eventOf({ front: 'httpapi', payload: '2.0' }, { target: '/prod/x' }),
    } as Json
    event.requestContext.stage = 'prod'
    const handler = nodeToLambda((request, response) => response.end(request.url))
    assert.equal((await handler(event)).body, '/x')
  })

  test('answers a load balancer in the shape it asks in', async () => {
    const app: RequestListener = (request, response) => {
      response.setHeader('Set-Cookie', ['a=1', 'b=2'])
      response.end(request.url)
    }
    const alb = (lists: boolean): object => ({
      requestContext: { elb: { targetGroupArn: 'arn' } },
      httpMethod: 'GET',
      path: '/x%20y',
      ...(lists
        ? {
            multiValueHeaders: { host: ['h'] },
            multiValueQueryStringParameters: { a: ['1', '%20'] },
          }
        : { headers: { host: 'h' }, queryStringParameters: { a: '%20' } }),
      body: '',
      isBase64Encoded: false,
    })
    const many = await nodeToLambda(app)(alb(true))
    assert.equal(many.body, '/x%20y?a=1&a=%20')
    assert.deepEqual(many.multiValueHeaders, { 'Set-Cookie': ['a=1', 'b=2'] })
    assert.equal(many.headers, undefined)
    const one = await nodeToLambda(app)(alb(false))
    assert.equal(one.body, '/x%20y?a=%20')
    assert.deepEqual(one.headers, { 'set-cookie': 'a=1', 'Set-cookie': 'b=2' })
  })
})
