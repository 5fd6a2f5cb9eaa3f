import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { SpillwayError } from '../lib/errors.ts'
import { isRedisUrl } from '../model/redis-url.ts'

const CONNECT_MS = 2000
/** The longest wait between two connections. */
const RECONNECT_MS = 250

/**
 * A client that connects in the background, again and again, and fails at once what it cannot send.
 * @throws {SpillwayError} SPILLWAY_USAGE when `ioredis` is not installed.
 */
export function connectRedis(url: string): Redis {
  const { Redis: Client } = loadIoredis()
  return new Client(url, {
    enableOfflineQueue: false,
    // What was not answered when the connection went has failed, too.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    // A connection into the void is noticed by its silence.
    socketTimeout: CONNECT_MS,
    retryStrategy: (times) => Math.min(25 * 2 ** times, RECONNECT_MS),
    // A replica now, after a failover: by then the name leads to another server.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  })
}

/**
 * Host and port, for messages: the rest of the URL may be secret.
 * @throws {SpillwayError} SPILLWAY_USAGE for what is no URL of a Redis.
 */
export function redisAddress(url: string): string {
  if (!isRedisUrl(url)) {
    const message = 'expected redis to be a URL such as redis://127.0.0.1:6379'
    throw new SpillwayError('SPILLWAY_USAGE', message)
  }
  const { hostname, port } = new URL(url)
  return `${hostname}:${port === '' ? '6379' : port}`
}

/** Optional, and loaded by those alone who name a Redis; from the user's folder, too, for npx's sake. */
function loadIoredis(): typeof import('ioredis') {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(from)('ioredis') as typeof import('ioredis')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  const message = 'redis needs the package ioredis, which is not installed: npm install ioredis'
  throw new SpillwayError('SPILLWAY_USAGE', message)
}
