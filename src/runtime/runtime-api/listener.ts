import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Connection } from './connection.ts'

// `import … from 'node:http'` reads all its exports, and one of them loads 50 ms of undici.
const { createServer: createHttpServer } = process.getBuiltinModule('node:http')
const { createServer } = process.getBuiltinModule('node:net')

export interface ListenerOptions {
  /** Whether a new connection is one of the environment's own. */
  readonly isOwn: (port: number, ownPort: number) => Promise<boolean>
  /** Whether the environment's process is ending or has ended. */
  readonly isPeerDying: () => boolean
  readonly connectionsMax: number
  onRequest(connection: Connection, request: IncomingMessage, response: ServerResponse): void
  /** After all that was said on it. */
  onClosed(connection: Connection): void
  /** Somebody else has tried, or it has too many; the connection is closed. */
  onRefused(why: string): void
}

/** An HTTP server on 127.0.0.1 that listens to one environment and to nobody else. */
export interface Listener {
  readonly port: number
  readonly connections: ReadonlySet<Connection>
  /** Takes no new connection. */
  close(): void
}

/** The cause that runtimes send for X-Ray may have a MiB, and comes in a header. */
const HEADER_BYTES_MAX = 2 ** 20 + 2 ** 16
/** More than this many that nobody has looked at yet are not let wait. */
const UNCHECKED_MAX = 1024
/** A stranger costs a look at every process; how often there is one must not be up to the stranger. */
const REST_MS = 100

/**
 * Opens it on a free port. No time limits: a poll waits as long as it takes, and an answer may be
 * written for as long as the function runs.
 * @throws {Error} when the machine is out of something.
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const connections = new Set<Connection>()
  const http = createHttpServer({ maxHeaderSize: HEADER_BYTES_MAX, requireHostHeader: false })
  http.keepAliveTimeout = 0
  const bySocket = new WeakMap<Socket, Connection>()
  http.on('request', (request, response) => {
    const connection = bySocket.get(request.socket)
    if (connection === undefined) return void request.socket.destroy()
    connection.onRequest(response)
    options.onRequest(connection, request, response)
  })
  // What cannot be read is no request; whoever sent it may have read what was sent before.
  http.on('clientError', (_, socket) => {
    bySocket.get(socket as Socket)?.onGarbage()
    socket.destroy()
  })
  const admit = (socket: Socket): void => {
    const connection = new Connection(socket, options.isPeerDying)
    connections.add(connection)
    bySocket.set(socket, connection)
    socket.once('close', () => {
      connections.delete(connection)
      options.onClosed(connection)
    })
    http.emit('connection', socket)
    socket.resume()
  }
  const check = createDoor(options, () => connections.size < options.connectionsMax, admit)
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, check)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  // Later ones are of accepting: out of descriptors, and the client sees its connection closed.
  server.off('error', reject).on('error', () => {})
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  return { port, connections, close: () => void server.close() }
}

/** Holds a connection until it is known whose it is. Nothing of a stranger's is ever read. */
function createDoor(
  options: ListenerOptions,
  hasRoom: () => boolean,
  admit: (socket: Socket) => void,
): (socket: Socket) => void {
  let unchecked = 0
  let restUntilMs = 0
  const refuse = (socket: Socket, why: string): void => {
    socket.destroy()
    options.onRefused(why)
  }
  const check = async (socket: Socket): Promise<void> => {
    const { remotePort, localPort } = socket
    if (remotePort === undefined || localPort === undefined) return void socket.destroy()
    const restMs = restUntilMs - performance.now()
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs))
    if (socket.destroyed) return
    if (!(await options.isOwn(remotePort, localPort))) {
      restUntilMs = performance.now() + REST_MS
      return refuse(socket, 'a process that is not of this environment')
    }
    if (socket.destroyed) return
    if (hasRoom()) admit(socket)
    else refuse(socket, 'too many connections')
  }
  return (socket) => {
    socket.on('error', () => {})
    if (unchecked >= UNCHECKED_MAX) return void socket.destroy()
    unchecked++
    void check(socket).finally(() => unchecked--)
  }
}
