import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import type { HttpRequest } from '../../events/index.ts'
import { ownTrace } from '../../events/trace-id.ts'
import { plainAddress } from './node-request.ts'
import { newRequestIds } from './request-ids.ts'

/** What `@hono/node-server` passes on of Node's own request; other runtimes have none. */
export interface NodeBindings {
  readonly incoming?: IncomingMessage
}

/**
 * The request of a Hono context. On Node its headers are spelt and ordered as sent; elsewhere, and in
 * tests of the app alone, they are as the Fetch API has them: lower case, repeats joined.
 */
export function toHonoRequest({ req, env }: Context, body: Uint8Array): HttpRequest {
  const { incoming } = (env ?? {}) as NodeBindings
  const timeEpochMs = Date.now()
  const { requestId, traceId } = newRequestIds(timeEpochMs)
  return {
    method: req.method,
    target: incoming?.url ?? targetOf(req.url),
    rawHeaders: incoming?.rawHeaders ?? rawHeadersOf(req.raw.headers, req.url),
    body,
    sourceIp: plainAddress(incoming?.socket.remoteAddress ?? '127.0.0.1'),
    protocol: `HTTP/${incoming?.httpVersion ?? '1.1'}`,
    timeEpochMs,
    requestId,
    traceId: ownTrace(req.header('x-amzn-trace-id')) ?? traceId,
    port: incoming?.socket.localPort ?? 0,
  }
}

/** What follows the origin. */
function targetOf(url: string): string {
  const slash = url.indexOf('/', url.indexOf('://') + 3)
  return slash === -1 ? '/' : url.slice(slash)
}

function rawHeadersOf(headers: Headers, url: string): string[] {
  const raw: string[] = headers.has('host') ? [] : ['host', new URL(url).host]
  // Not `for … of`: Workers and Node differ in what of `Headers` they declare.
  // oxlint-disable-next-line unicorn/no-array-for-each
  headers.forEach((value, name) => raw.push(name, value))
  return raw
}
