import express5 from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { lambdaToExpress } from '../../src/adapters/express.ts'
import { lambdaToFastify } from '../../src/adapters/fastify.ts'
import { lambdaToHono } from '../../src/adapters/hono.ts'
import { lambdaToNode, type LambdaHandler, type LambdaOptions } from '../../src/adapters/node.ts'

/** The same program of another major version, and of the same shape as far as it is used here. */
const express4 = createRequire(import.meta.url)('express4') as typeof express5

/** A handler on a route of an API. */
export interface Mounted {
  readonly handler: LambdaHandler
  /** As in a manifest: `POST /lead/{leadId}`, or `$default`. */
  readonly route: string
  readonly options?: LambdaOptions<unknown>
  /** The framework reads bodies before the handler does: JSON, forms, text; `raw` bytes as they are. */
  readonly parser: 'none' | 'own' | 'raw'
}

export interface Framework {
  readonly name: string
  /** Whether header names reach the client as the handler spelt them. */
  readonly keepsSpelling: boolean
  /** Whether the framework can leave a body to the handler. */
  readonly parsers: readonly Mounted['parser'][]
  /** Serves until the test is over; the URL. */
  start(t: TestContext, mounted: Mounted): Promise<string>
}

export const FRAMEWORKS: readonly Framework[] = [
  expressFramework('Express 5', express5),
  expressFramework('Express 4', express4),
  {
    name: 'Fastify',
    keepsSpelling: false,
    parsers: ['own', 'raw'],
    async start(t, { handler, route, options, parser }) {
      const app = fastify({ trustProxy: '127.0.0.1' })
      if (parser === 'raw') {
        app.removeAllContentTypeParsers()
        app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
          done(null, body),
        )
      }
      const { method, path } = patternOf(route, '*')
      const lambda = lambdaToFastify(handler, options)
      if (method === 'ANY') app.all(path, lambda)
      else app.route({ method, url: path, handler: lambda })
      t.after(async () => await app.close())
      return await app.listen({ port: 0, host: '127.0.0.1' })
    },
  },
  {
    name: 'Hono',
    keepsSpelling: false,
    parsers: ['none', 'own'],
    async start(t, { handler, route, options, parser }) {
      const app = new Hono()
      const { method, path } = patternOf(route, '*')
      if (parser === 'own') {
        app.use(async ({ req }, next) => {
          if (req.header('content-type') === 'application/json') await req.json().catch(() => {})
          await next()
        })
      }
      const lambda = lambdaToHono(handler, options)
      if (method === 'ANY') app.all(path, lambda)
      else app.on(method, path, lambda)
      return await listen(t, createServer(fromFetch(app)))
    },
  },
  {
    name: 'node:http',
    keepsSpelling: true,
    parsers: ['none', 'own'],
    async start(t, { handler, route, options, parser }) {
      const lambda = lambdaToNode(handler, {
        ...options,
        ...(route === '$default' ? {} : { route }),
      })
      const parse = express5.json()
      return await listen(
        t,
        createServer((request, response) => {
          if (parser === 'none') lambda(request, response)
          else parse(request, response, () => lambda(request, response))
        }),
      )
    },
  },
]

function expressFramework(name: string, express: typeof express5): Framework {
  return {
    name,
    keepsSpelling: true,
    parsers: ['none', 'own', 'raw'],
    async start(t, { handler, route, options, parser }) {
      const app = express()
      app.set('trust proxy', '127.0.0.1')
      if (parser === 'own')
        app.use(express.json(), express.urlencoded({ extended: true }), express.text())
      if (parser === 'raw') app.use(express.raw({ type: () => true }))
      const { method, path } = patternOf(route, express === express4 ? '*' : '*proxy')
      const lambda = lambdaToExpress(handler, options)
      if (path === '*') app.use(lambda)
      else if (method === 'ANY') app.all(path, lambda)
      else app[method.toLowerCase() as 'get'](path, lambda)
      return await listen(t, createServer(app as unknown as RequestListener))
    },
  }
}

/** `/files/{proxy+}` with the framework's wildcard, `/lead/{leadId}` with a colon. */
function patternOf(route: string, wildcard: string): { method: string; path: string } {
  const [method = '', template] = route.split(' ')
  if (template === undefined) return { method: 'ANY', path: '*' }
  const path = template.replace(/\{\w+\+\}/, wildcard).replaceAll(/\{(\w+)\}/g, ':$1')
  return { method, path }
}

/** Listens on a free port until the test is over; the URL. */
export async function listen(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

/** What `@hono/node-server` does, to the extent that it matters here. */
export function fromFetch(app: {
  fetch(request: Request, env: object): Response | Promise<Response>
}): RequestListener {
  return (incoming, outgoing) => {
    void (async () => {
      const response = await app.fetch(toFetchRequest(incoming), { incoming, outgoing })
      const headers = [...response.headers].flat()
      outgoing.writeHead(response.status, headers)
      if (response.body === null) return outgoing.end()
      const body = Readable.fromWeb(response.body as never)
      body.on('error', () => outgoing.destroy())
      outgoing.on('close', () => body.destroy())
      return body.pipe(outgoing)
    })()
  }
}

function toFetchRequest(incoming: IncomingMessage): Request {
  const headers = new Headers()
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '')
  }
  const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD'
  const url = `http://${incoming.headers.host ?? 'localhost'}${incoming.url}`
  return new Request(url, {
    method: incoming.method ?? 'GET',
    headers,
    ...(hasBody ? { body: Readable.toWeb(incoming) as never, duplex: 'half' } : {}),
  })
}
