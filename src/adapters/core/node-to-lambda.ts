import type { IncomingMessage, ServerResponse } from 'node:http'
import { duplexPair, type Duplex } from 'node:stream'
import type { HttpResponse } from '../../events/index.ts'
import { toEventRequest, type EventRequest, type HttpEvent } from './event-request.ts'
import { toHttpResult, type HttpResult } from './event-result.ts'

export type { HttpEvent } from './event-request.ts'
export type { HttpResult } from './event-result.ts'

/** A Lambda handler: event and context in, result out. */
export type ToLambda = (event: HttpEvent, context?: object) => Promise<HttpResult>

/** What serves Node's requests: an Express app, or a request listener. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** Where the app finds what the request does not say (as with serverless-http). */
interface FromLambda extends IncomingMessage {
  apiGateway?: { readonly event: HttpEvent; readonly context: object | undefined }
}

/** The server's end of a connection in memory, with what of it an app may ask for. */
interface Connection extends Duplex {
  remoteAddress?: string
  encrypted?: boolean
  readonly invocation?: Invocation
}

interface Invocation {
  readonly event: HttpEvent
  readonly context: object | undefined
  readonly fail: (error: unknown) => void
}

/**
 * An app as a Lambda handler. Node's own HTTP server and client speak to each other over a pair of
 * streams in memory: nothing listens, and all that works on a socket works here, streams, compression
 * and trailers of middleware included. The app finds event and context in `request.apiGateway`.
 *
 * The handler rejects where the app throws at once, or cuts the connection.
 */
export function nodeToLambda(listener: Listener): ToLambda {
  const server = createServer(listener)
  return async (event, context) => {
    const request = toEventRequest(event)
    const [clientEnd, serverEnd] = duplexPair()
    try {
      const response = await new Promise<HttpResponse>((resolve, fail) => {
        const connection: Connection = Object.assign(serverEnd, {
          remoteAddress: request.sourceIp,
          encrypted: request.isTls,
          invocation: { event, context, fail },
        })
        server.emit('connection', connection)
        ask(request, clientEnd, resolve, fail)
      })
      return toHttpResult(request.kind, response)
    } finally {
      clientEnd.destroy()
      serverEnd.destroy()
    }
  }
}

/** Far above what any front end lets through. */
const HEADER_BYTES_MAX = 256 * 1024

function createServer(listener: Listener): import('node:http').Server {
  const http = process.getBuiltinModule('node:http')
  const options = { maxHeaderSize: HEADER_BYTES_MAX, requestTimeout: 0, headersTimeout: 0 }
  return http.createServer(options, (request: FromLambda, response) => {
    const { invocation } = request.socket as Connection as { invocation: Invocation }
    request.apiGateway = { event: invocation.event, context: invocation.context }
    // The front end has its own.
    response.sendDate = false
    try {
      const returned = listener(request, response) as { then?: unknown } | undefined
      if (typeof returned?.then !== 'function') return
      ;(returned as PromiseLike<unknown>).then(undefined, invocation.fail)
    } catch (error) {
      invocation.fail(error)
    }
  })
}

function ask(
  { method, target, rawHeaders, body }: EventRequest,
  connection: Duplex,
  resolve: (response: HttpResponse) => void,
  reject: (error: unknown) => void,
): void {
  const http = process.getBuiltinModule('node:http')
  const hasBody = body.length > 0 || METHODS_WITH_BODY.has(method)
  const length = hasBody ? ['content-length', String(body.length)] : []
  const outgoing = http.request({
    method,
    path: target,
    headers: [...rawHeaders, ...length, 'connection', 'close'] as unknown as Record<string, string>,
    createConnection: () => connection,
    maxHeaderSize: HEADER_BYTES_MAX,
  })
  outgoing.on('error', reject)
  outgoing.on('response', (incoming) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('error', reject)
    incoming.on('end', () => {
      const { statusCode = 200, rawHeaders: headers } = incoming
      resolve({ status: statusCode, rawHeaders: headers, body: Buffer.concat(chunks) })
    })
  })
  outgoing.end(body)
}

const METHODS_WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
