import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connectionsMax } from './connections-max.ts'
import { refusalOf, refusalText, type Refusal } from './refusal.ts'
import { faultOf } from './request-fault.ts'

// `import … from 'node:http'` reads all its exports, and one of them loads 50 ms of undici.
const { createServer } = process.getBuiltinModule('node:http')

/** A certificate chain and its key, as PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** How long a client may be slow, and how much it may ask for on one connection. */
export interface Bounds {
  readonly headersTimeoutMs: number
  /** From its first byte to its last, body included. */
  readonly requestTimeoutMs: number
  readonly keepAliveMs: number
  /** A client that takes nothing of its answer for so long has left. */
  readonly stalledMs: number
  readonly checkMs: number
  readonly requestsPerConnection: number
}

export const BOUNDS: Bounds = {
  headersTimeoutMs: 5000,
  requestTimeoutMs: 30_000,
  // Longer than the 60 s of load balancers: who is sent to must not be the one that closes first.
  keepAliveMs: 65_000,
  stalledMs: 60_000,
  checkMs: 1000,
  requestsPerConnection: 10_000,
}

/** What a client still sends after it was refused is taken for so long: cut off, it sees no answer. */
const LINGER_MS = 1000
const NO_TUNNEL: Refusal = { status: 405, message: 'this is no proxy' }
const PIPELINED_MAX = 100
const TOO_MANY: Refusal = {
  status: 400,
  message: `more than ${PIPELINED_MAX} requests before the first answer`,
}

/** A request that was read and whose turn has not come. */
interface Waiting {
  readonly response: ServerResponse
  readonly run: () => void
}

/** What is known of a connection. */
interface Connection {
  left: number
  current?: ServerResponse
  readonly waiting: Waiting[]
  refusal?: Refusal
}

const CONNECTIONS = new WeakMap<Duplex, Connection>()

/**
 * Node's HTTP server, with bounds on all that a client can do slowly or without end, and without what
 * its parser lets through that others may read otherwise. The requests of a connection run one after
 * the other, and none whose answer cannot arrive: after a refusal, or once the connection is to close,
 * nothing more of it is run.
 */
export function createStrictServer(
  listener: RequestListener,
  { tls, bounds = BOUNDS }: { readonly tls?: Certificate; readonly bounds?: Bounds } = {},
): Server {
  const take = (request: IncomingMessage, response: ServerResponse, run: () => void): void => {
    const { socket } = request
    takeIn(socket, connectionOf(socket, bounds), { response, run })
  }
  const serve: RequestListener = (request, response) => {
    take(request, response, () => listener(request, response))
  }
  const server = open(serve, bounds, tls)
  server.maxConnections = connectionsMax()
  server.on('timeout', onTimeout)
  server.on('clientError', (error, socket) => {
    const refusal = refusalOf(error)
    if (refusal === undefined || !socket.writable) socket.destroy()
    else refuse(socket, refusal)
  })
  server.on('connect', (_request, socket) => {
    // The server has let go of it.
    socket.on('error', () => socket.destroy())
    refuse(socket, NO_TUNNEL)
  })
  server.on('checkContinue', (request, response) => {
    take(request, response, () => {
      response.writeContinue()
      listener(request, response)
    })
  })
  return server
}

function open(serve: RequestListener, bounds: Bounds, tls: Certificate | undefined): Server {
  const options = {
    headersTimeout: bounds.headersTimeoutMs,
    requestTimeout: bounds.requestTimeoutMs,
    connectionsCheckingInterval: bounds.checkMs,
    keepAliveTimeout: bounds.keepAliveMs,
    // Ours: after it Node would go on and run what comes next.
    requireHostHeader: false,
  }
  const server =
    tls === undefined
      ? createServer(options, serve)
      : process
          .getBuiltinModule('node:https')
          .createServer({ ...options, ...tls, handshakeTimeout: bounds.headersTimeoutMs }, serve)
  server.timeout = bounds.stalledMs
  return server
}

function takeIn(socket: Duplex, connection: Connection, request: Waiting): void {
  if (connection.refusal !== undefined) return
  const { response } = request
  const fault = faultOf(response.req)
  if (fault !== undefined) return refuse(socket, fault)
  connection.left--
  // Node reads nothing more of a connection that was to change its protocol and did not.
  if (connection.left <= 0 || response.req.headers.upgrade !== undefined) {
    response.shouldKeepAlive = false
  }
  if (connection.current === undefined) start(socket, connection, request)
  else if (connection.waiting.length < PIPELINED_MAX) connection.waiting.push(request)
  else refuse(socket, TOO_MANY)
}

function start(socket: Duplex, connection: Connection, { response, run }: Waiting): void {
  connection.current = response
  response.once('close', () => {
    delete connection.current
    if (!socket.writable) return
    const next = connection.waiting.shift()
    if (next !== undefined) start(socket, connection, next)
    else if (connection.refusal !== undefined) sendLast(socket, connection.refusal)
  })
  run()
}

function connectionOf(socket: Duplex, { requestsPerConnection }: Bounds = BOUNDS): Connection {
  const known = CONNECTIONS.get(socket)
  if (known !== undefined) return known
  const connection = { left: requestsPerConnection, waiting: [] }
  CONNECTIONS.set(socket, connection)
  return connection
}

function onTimeout(socket: Socket): void {
  // It may also wait for a function; that has bounds of its own.
  if (connectionOf(socket).current === undefined || socket.writableLength > 0) socket.destroy()
}

/** What came before is answered first; a request that breaks off within its body is not. */
function refuse(socket: Duplex, refusal: Refusal): void {
  const connection = connectionOf(socket)
  if (connection.refusal !== undefined) return
  connection.refusal = refusal
  const { current, waiting } = connection
  if (waiting.at(-1)?.response.req.complete === false) waiting.pop()
  if (current === undefined) sendLast(socket, refusal)
  else if (current.req.complete) return
  else if (current.headersSent) socket.destroy()
  else sendLast(socket, refusal)
}

function sendLast(socket: Duplex, refusal: Refusal): void {
  socket.end(refusalText(refusal))
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}
