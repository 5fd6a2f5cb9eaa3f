import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { SpillwayError } from './errors.ts'
import { describePortHolder } from './port-holder.ts'
import { createStrictServer, type Certificate } from './strict-server.ts'

/** Where a listener binds. Loopback and a free port unless told otherwise. */
export interface Listen {
  readonly host?: string
  readonly port?: number
  /** It then speaks HTTPS and nothing else. */
  readonly tls?: Certificate
}

/** Gives a connection to node:http, for good; what was read of it is to be put back before. */
export type HandOver = (socket: Socket) => void

/** What stands before node:http and serves some connections itself. */
export interface Front {
  accept(socket: Socket, handOver: HandOver): void
  /** Closes the connections on which nothing runs. */
  closeIdle(): void
  closeAll(): void
}

/** A listener that answers. */
export interface Listening {
  readonly server: Server
  readonly url: string
  /** Takes no new connection; resolves when the last request is answered, or after `graceMs`. */
  close(graceMs: number): Promise<void>
}

const SWEEP_MS = 50

/**
 * Opens an HTTP listener.
 * @throws {SpillwayError} SPILLWAY_PORT_TAKEN, naming who holds the port where that can be known.
 */
export async function listen(
  { host = '127.0.0.1', port = 0, tls }: Listen,
  listener: RequestListener,
  front?: Front,
): Promise<Listening> {
  const server = createStrictServer(listener, tls === undefined ? {} : { tls })
  if (front !== undefined)
    putBefore(server, front, tls === undefined ? 'connection' : 'secureConnection')
  await bind(server, host, port)
  const bound = server.address()
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port
  const shownHost = host.includes(':') ? `[${host}]` : host
  return {
    server,
    url: `${tls === undefined ? 'http' : 'https'}://${shownHost}:${boundPort}`,
    close: (graceMs) => closeServer(server, graceMs, front),
  }
}

/** Node's server stays the one that listens: its clocks and bounds hold for what it is given. */
function putBefore(server: Server, front: Front, event: 'connection' | 'secureConnection'): void {
  const listeners = server.listeners(event) as HandOver[]
  server.removeAllListeners(event)
  const handOver: HandOver = (socket) => {
    for (const each of listeners) each.call(server, socket)
  }
  server.on(event, (socket: Socket) => front.accept(socket, handOver))
}

async function bind(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  try {
    await promise
  } catch (error) {
    throw explain(error as NodeJS.ErrnoException, host, port)
  } finally {
    server.off('error', reject)
  }
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const options = { cause: error }
  if (error.code === 'EADDRINUSE') {
    const holder = describePortHolder(port)
    const who = holder === undefined ? 'another process' : holder
    const message = `port ${port} on ${host} is taken by ${who}; choose another, or 0 for a free one`
    return new SpillwayError('SPILLWAY_PORT_TAKEN', message, options)
  }
  const message = `cannot listen on ${host}:${port}: ${error.message}`
  return new SpillwayError('SPILLWAY_USAGE', message, options)
}

async function closeServer(server: Server, graceMs: number, front?: Front): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  // A client that keeps its connection after its answer would be waited for until the end.
  const sweep = setInterval(() => {
    server.closeIdleConnections()
    front?.closeIdle()
  }, SWEEP_MS)
  const timer = setTimeout(() => {
    server.closeAllConnections()
    front?.closeAll()
  }, graceMs)
  await promise
  clearInterval(sweep)
  clearTimeout(timer)
}
