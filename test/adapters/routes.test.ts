import assert from 'node:assert/strict'
import express, { Router } from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { createServer, type IncomingMessage } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { toTemplate } from '../../src/adapters/core/routes.ts'
import { lambdaToExpress } from '../../src/adapters/express.ts'
import { lambdaToFastify } from '../../src/adapters/fastify.ts'
import { lambdaToHono } from '../../src/adapters/hono.ts'
import { lambdaToNode } from '../../src/adapters/node.ts'
import type { Json } from '../conformance/cases.ts'
import { listen } from './frameworks.ts'

const tell = async ({ resource, path, pathParameters }: Json): Promise<object> => ({
  statusCode: 200,
  body: JSON.stringify([resource, path, pathParameters]),
})

test('A pattern of a framework is the path of an API where an API can say it', () => {
  const templates: Readonly<Record<string, string | undefined>> = {
    '/': '/',
    '/lead/:leadId': '/lead/{leadId}',
    '/lead/:leadId/': '/lead/{leadId}',
    '/a.b-c/~d': '/a.b-c/~d',
    '/users/:"user-id"': '/users/{user-id}',
    '/files/*path': '/files/{path+}',
    '/files/*': '/files/{proxy+}',
    '/files/:path(*)': '/files/{path+}',
    '/files/:path{.+}': '/files/{path+}',
    '/:from-:to': undefined,
    '/:user-id': undefined,
    '/:id.json': undefined,
    '/:id?': undefined,
    '/a/*b/c': undefined,
    '/a{/:b}': undefined,
    '/:id(\\d+)': undefined,
  }
  for (const [pattern, template] of Object.entries(templates)) {
    assert.equal(toTemplate(pattern), template, pattern)
  }
})

describe('A handler in an Express app', () => {
  const serve = async (t: TestContext, mount: (app: express.Express) => void): Promise<string> => {
    const app = express()
    mount(app)
    return await listen(t, createServer(app))
  }
  const ask = async (url: string): Promise<unknown> => await (await fetch(url)).json()

  test('sees the whole path, wherever it is mounted', async (t) => {
    const url = await serve(t, (app) => {
      const router = Router()
      router.get('/lead/:leadId', lambdaToExpress(tell))
      app.use('/api/v1', router)
      app.use('/rest', lambdaToExpress(tell))
    })
    assert.deepEqual(await ask(`${url}/api/v1/lead/7`), [
      '/api/v1/lead/{leadId}',
      '/api/v1/lead/7',
      { leadId: '7' },
    ])
    assert.deepEqual(await ask(`${url}/rest/a/b`), [
      '/rest/{proxy+}',
      '/rest/a/b',
      { proxy: 'a/b' },
    ])
  })

  test('sees the framework’s own parameters where an API has no words for the pattern', async (t) => {
    const url = await serve(t, (app) => {
      app.get('/flights/:from-:to', lambdaToExpress(tell))
      app.get(/^\/shop\/(?<kind>\w+)$/, lambdaToExpress(tell))
    })
    assert.deepEqual(await ask(`${url}/flights/LHR-BER`), [
      '/{proxy+}',
      '/flights/LHR-BER',
      { from: 'LHR', to: 'BER' },
    ])
    assert.deepEqual(await ask(`${url}/shop/shoes`), [
      '/{proxy+}',
      '/shop/shoes',
      { kind: 'shoes' },
    ])
  })

  test('sees its parameters where Express is less strict than an API', async (t) => {
    const url = await serve(t, (app) => app.get('/lead/:leadId', lambdaToExpress(tell)))
    assert.deepEqual(await ask(`${url}/LEAD/7`), ['/lead/{leadId}', '/LEAD/7', { leadId: '7' }])
  })

  test('sees the method of each request where several share its route', async (t) => {
    const route = async ({ routeKey }: Json) => routeKey
    const handler = lambdaToExpress(route, { payload: '2.0' })
    const url = await serve(t, (app) => {
      app.route('/some').get(handler).put(handler)
      app.all('/all', handler)
    })
    const keys = []
    for (const [method, path] of [
      ['GET', '/some'],
      ['PUT', '/some'],
      ['GET', '/some'],
      ['PATCH', '/all'],
    ] as const) {
      keys.push(await (await fetch(url + path, { method })).text())
    }
    assert.deepEqual(keys, ['GET /some', 'PUT /some', 'GET /some', 'ANY /all'])
  })

  test('sees the very bytes where a parser kept them, and what was inflated as plain', async (t) => {
    const echo = async ({ body, headers }: Json): Promise<object> => ({
      statusCode: 200,
      body: JSON.stringify([body, headers['content-encoding'], headers['content-length']]),
    })
    const keep = (request: IncomingMessage, _response: unknown, rawBody: Buffer): void => {
      Object.assign(request, { rawBody })
    }
    const url = await serve(t, (app) => {
      app.use(express.json({ verify: keep }))
      app.post('/', lambdaToExpress(echo, { payload: '2.0' }))
    })
    const sent = '{ "a" : 1.50,\n"b":2 }'
    const headers = { 'content-type': 'application/json' }
    const plain = await fetch(url, { method: 'POST', headers, body: sent })
    assert.deepEqual(await plain.json(), [sent, null, String(sent.length)])
    const zipped = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-encoding': 'gzip' },
      body: gzipSync(sent),
    })
    assert.deepEqual(await zipped.json(), [sent, null, String(sent.length)])
  })

  test('is not called with half a body: one that nobody kept, or whose files are gone', async (t) => {
    const errors: unknown[] = []
    let called = false
    const handler = async () => (called = true)
    const lambda = lambdaToExpress(handler, { onError: (error) => void errors.push(error) })
    const url = await serve(t, (app) => {
      app.use(async (request, _response, next) => {
        await request.toArray()
        if (request.headers['content-type']?.startsWith('multipart/')) request.body = { a: '1' }
        next()
      })
      app.post('/', lambda)
    })
    const form = new FormData()
    form.set('a', '1')
    for (const body of ['text', form]) {
      assert.equal((await fetch(url, { method: 'POST', body })).status, 502)
    }
    assert.equal(called, false)
    assert.match(String(errors[0]), /nobody left it in request.body/)
    assert.match(String(errors[1]), /the multipart body was parsed before the handler/)
  })

  test('leaves alone what middleware has set, and adds its cookies to it', async (t) => {
    const handler = async () => ({
      statusCode: 200,
      headers: { 'X-Own': 'handler' },
      multiValueHeaders: { 'Set-Cookie': ['b=2', 'c=3'] },
      body: '',
    })
    const url = await serve(t, (app) => {
      app.use((_request, response, next) => {
        response.set({ 'X-Own': 'middleware', 'X-Frame-Options': 'DENY' }).cookie('a', '1')
        next()
      })
      app.get('/', lambdaToExpress(handler))
    })
    const { headers } = await fetch(url)
    assert.deepEqual(headers.getSetCookie(), ['a=1; Path=/', 'b=2', 'c=3'])
    assert.equal(headers.get('x-own'), 'handler')
    assert.equal(headers.get('x-frame-options'), 'DENY')
  })
})

test('Middleware that compresses sees what the handler answers, and changes it', async (t) => {
  const handler = async () => ({
    statusCode: 200,
    headers: { 'Content-Type': 'text/css' },
    multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] },
    body: 'x'.repeat(1000),
  })
  const lambda = lambdaToNode(handler)
  const url = await listen(
    t,
    createServer((request, response) => {
      const end = response.end.bind(response)
      // As `compression` does: it puts itself around the response and decides by its headers.
      response.writeHead = response.writeHead.bind(response)
      Object.assign(response, {
        end(body: string) {
          if (response.getHeader('content-type') !== 'text/css') return end(body)
          response.removeHeader('Content-Length')
          response.setHeader('Content-Encoding', 'gzip')
          return end(gzipSync(body))
        },
      })
      lambda(request, response)
    }),
  )
  const answer = await fetch(url)
  assert.equal(answer.headers.get('content-encoding'), 'gzip')
  assert.equal(await answer.text(), 'x'.repeat(1000))
  assert.deepEqual(answer.headers.getSetCookie(), ['a=1', 'b=2'])
})

test('A status that the Fetch API does not have is answered for under Hono', async () => {
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const app = new Hono().get(
    '/',
    lambdaToHono(async () => ({ statusCode: 700 }), { onError }),
  )
  assert.equal((await app.request('/')).status, 502)
  assert.match(String(errors[0]), /RangeError/)
})

test('Patterns of Fastify and Hono reach the event', async (t) => {
  const app = fastify()
  app.register(
    (api, _options, done) => {
      api.get('/files/*', lambdaToFastify(tell))
      api.get('/:id(^\\d+).png', lambdaToFastify(tell))
      done()
    },
    { prefix: '/api' },
  )
  t.after(async () => await app.close())
  const ask = async (target: string): Promise<unknown> => (await app.inject(target)).json()
  assert.deepEqual(await ask('/api/files/a/b'), [
    '/api/files/{proxy+}',
    '/api/files/a/b',
    { proxy: 'a/b' },
  ])
  assert.deepEqual(await ask('/api/7.png'), ['/{proxy+}', '/api/7.png', { id: '7' }])

  const hono = new Hono().basePath('/api')
  hono.use(async (_context, next) => await next())
  hono.get('/lead/:leadId', lambdaToHono(tell))
  hono.get('/n/:n{[0-9]+}', lambdaToHono(tell))
  const fetchJson = async (target: string): Promise<unknown> => (await hono.request(target)).json()
  assert.deepEqual(await fetchJson('/api/lead/7'), [
    '/api/lead/{leadId}',
    '/api/lead/7',
    { leadId: '7' },
  ])
  assert.deepEqual(await fetchJson('/api/n/7'), ['/{proxy+}', '/api/n/7', { n: '7' }])
})

test('On node:http a route that does not fit goes on, or is answered as an API does', async (t) => {
  const post = lambdaToNode(tell, { route: 'POST /lead/{leadId}' })
  const get = lambdaToNode(tell, { route: 'GET /lead/{leadId}', stage: 'prod' })
  const url = await listen(
    t,
    createServer((request, response) => post(request, response, () => get(request, response))),
  )
  for (const [method, path] of [
    ['POST', '/lead/1'],
    ['GET', '/lead/1'],
    ['GET', '/prod/lead/1'],
  ] as const) {
    const answer = await fetch(url + path, { method })
    assert.deepEqual(await answer.json(), ['/lead/{leadId}', '/lead/1', { leadId: '1' }])
  }
  const miss = await fetch(`${url}/lead/1/2`)
  assert.deepEqual(
    [miss.status, await miss.json()],
    [403, { message: 'Missing Authentication Token' }],
  )
})
