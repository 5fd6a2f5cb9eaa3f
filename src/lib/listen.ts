import type { RequestListener, Server } from 'node:http'
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
): Promise<Listening> {
  const server = createStrictServer(listener, tls === undefined ? {} : { tls })
  await bind(server, host, port)
  const bound = server.address()
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port
  const shownHost = host.includes(':') ? `[${host}]` : host
  return {
    server,
    url: `${tls === undefined ? 'http' : 'https'}://${shownHost}:${boundPort}`,
    close: (graceMs) => closeServer(server, graceMs),
  }
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

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  // A client that keeps its connection after its answer would be waited for until the end.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await promise
  clearInterval(sweep)
  clearTimeout(timer)
}
