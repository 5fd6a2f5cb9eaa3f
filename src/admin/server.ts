import type { IncomingMessage, ServerResponse } from 'node:http'
import { createBearerCheck } from '../auth/bearer.ts'
import { isFromForeignPage, isLoopbackHost } from '../auth/origin.ts'
import { livez, readyz } from './health.ts'
import { changeLimits, showLimits } from './limits.ts'
import type { Metrics } from './metrics.ts'
import type { AdminOptions } from './options.ts'
import { json, refusal, sendReply, text, type Reply } from './reply.ts'

/**
 * The admin listener: health, metrics, limits. Health is for everyone who can reach it, probes come
 * under any name and bring nothing. The rest is for whoever has the token; where none is configured
 * the listener is on loopback, and answers programs on this machine and no web page.
 */
export function createAdmin(
  options: AdminOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const handle = createHandler(options)
  return (request, response) => {
    handle(request)
      .catch((error: unknown) => refusal(500, 'INTERNAL', messageOf(error)))
      .then((reply) => sendReply(response, reply))
      .catch(() => response.destroy())
  }
}

type Handler = (request: IncomingMessage) => Promise<Reply>

function createHandler(options: AdminOptions): Handler {
  const refuse = createGuard(options.token)
  const routes = createRoutes(options)
  return async (request) => {
    const { method = 'GET', url = '/' } = request
    const [path = '/', query = ''] = url.split('?', 2)
    if (path === '/livez' || path === '/healthz') return livez()
    const refused = refuse(request)
    if (path === '/readyz') {
      const verbose = new URLSearchParams(query).has('verbose') && refused === undefined
      return readyz(options.ready(), verbose)
    }
    if (refused !== undefined) return refused
    const methods = routes.get(path)
    if (methods === undefined) return refusal(404, 'NOT_FOUND', `nothing is served at ${path}`)
    const route = methods.get(method)
    if (route !== undefined) return await route(request)
    const Allow = [...methods.keys()].join(', ')
    return { ...refusal(405, 'METHOD_NOT_ALLOWED', `${path} takes ${Allow}`), headers: { Allow } }
  }
}

function createRoutes(options: AdminOptions): ReadonlyMap<string, ReadonlyMap<string, Handler>> {
  let metrics: Metrics | undefined
  const showMetrics: Handler = async () => {
    // Loading it takes longer than everything else at start, and many a node is never scraped.
    metrics ??= (await import('./metrics.ts')).createMetrics(options)
    return { ...text(200, await metrics.text()), type: metrics.contentType }
  }
  const show: Handler = async () => showLimits(options)
  const change: Handler = (request) => changeLimits(request, options)
  return new Map([
    ['/metrics', new Map([['GET', showMetrics]])],
    ['/api/errors', new Map([['GET', async () => json(200, options.history.read())]])],
    [
      '/api/limits',
      new Map([
        ['GET', show],
        ['PATCH', change],
        ['POST', change],
      ]),
    ],
  ])
}

const READS = new Set(['GET', 'HEAD'])

/** Says why a request is refused, if it is. */
function createGuard(token: string | undefined): (request: IncomingMessage) => Reply | undefined {
  const mayPass = token === undefined ? undefined : createBearerCheck(token)
  return ({ method = 'GET', headers }) => {
    // Whoever knows the token is no page that was led here by a name, so any name will do.
    if (mayPass === undefined && !isLoopbackHost(headers)) {
      return refusal(403, 'FOREIGN_HOST', 'expected Host: localhost, 127.0.0.1 or [::1]')
    }
    if (mayPass !== undefined && !mayPass(headers.authorization)) {
      return {
        ...refusal(401, 'UNAUTHENTICATED', 'expected Authorization: Bearer SPILLWAY_ADMIN_TOKEN'),
        headers: { 'WWW-Authenticate': 'Bearer' },
      }
    }
    if (!READS.has(method) && isFromForeignPage(headers)) {
      return refusal(403, 'FOREIGN_ORIGIN', 'a page of another origin may change nothing here')
    }
    return undefined
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
