import type { IncomingMessage } from 'node:http'
import type { HttpRequest } from '../../events/index.ts'
import { ownTrace } from '../../events/trace-id.ts'
import { readBody } from '../../lib/body.ts'
import { parsedBodyBytes } from './parsed-body.ts'
import { newRequestIds } from './request-ids.ts'

/** What frameworks and parsers have added to Node's request. */
export interface NodeRequest extends IncomingMessage {
  /** Before anything was cut off it. */
  readonly originalUrl?: string
  readonly body?: unknown
  /** Where a parser's `verify` keeps the bytes. */
  readonly rawBody?: unknown
  /** The client's address behind trusted proxies. */
  readonly ip?: string | undefined
}

/** A body, or why there is none. */
export type BodyRead =
  | { readonly bytes: Uint8Array; readonly wasParsed: boolean }
  | { readonly tooLarge: number }
  | { readonly error: unknown }

/**
 * Hands over the body: as it comes, or as a parser has left it. Never, when the client leaves first.
 */
export function readNodeBody(
  request: NodeRequest,
  lengthMax: number,
  done: (body: BodyRead) => void,
): void {
  const { rawBody } = request
  if (rawBody instanceof Uint8Array) return done({ bytes: rawBody, wasParsed: true })
  if (request.readableDidRead) return done(parsed(request))
  if (request.readableEnded) return done(EMPTY)
  readBody(request, lengthMax, (body) => {
    if (body === undefined) return
    if (body.bytes === undefined) done({ tooLarge: body.length })
    else done({ bytes: body.bytes, wasParsed: false })
  })
}

const EMPTY: BodyRead = { bytes: new Uint8Array(0), wasParsed: true }

function parsed(request: NodeRequest): BodyRead {
  if (request.body === undefined) {
    const message = 'the body was read before the handler, and nobody left it in request.body'
    return { error: new Error(message) }
  }
  try {
    const bytes = parsedBodyBytes(request.body, request.headers['content-type'])
    return { bytes, wasParsed: true }
  } catch (error) {
    return { error }
  }
}

/** The request as it came; the time is now. */
export function toHttpRequest(
  request: NodeRequest,
  { bytes, wasParsed }: { readonly bytes: Uint8Array; readonly wasParsed: boolean },
  ip: string | undefined = request.ip,
): HttpRequest {
  const { socket, headers } = request
  const timeEpochMs = Date.now()
  const { requestId, traceId } = newRequestIds(timeEpochMs)
  return {
    method: request.method ?? 'GET',
    target: request.originalUrl ?? request.url ?? '/',
    rawHeaders: wasParsed ? withoutBodyHeaders(request.rawHeaders) : request.rawHeaders,
    body: bytes,
    sourceIp: plainAddress(ip ?? socket.remoteAddress ?? ''),
    protocol: `HTTP/${request.httpVersion}`,
    timeEpochMs,
    requestId,
    traceId: ownTrace(headers['x-amzn-trace-id']) ?? traceId,
    port: socket.localPort ?? 0,
  }
}

/** A parser has inflated the body and may have changed its length. */
function withoutBodyHeaders(rawHeaders: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (!OF_THE_BODY.test(name)) kept.push(name, rawHeaders[i + 1] ?? '')
  }
  return kept
}

const OF_THE_BODY = /^content-(?:length|encoding)$/i

/** IPv4 over an IPv6 socket reads as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address
}
