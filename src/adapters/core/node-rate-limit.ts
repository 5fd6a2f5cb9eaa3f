import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpResponse } from '../../events/index.ts'
import { NodeReply } from './node-reply.ts'
import { createLimiter, type RateLimitSettings } from './rate-limiter.ts'

/** Middleware as Connect and Express have it. */
export interface RateLimitMiddleware {
  (request: IncomingMessage, response: ServerResponse, next: () => void): void
  /** Ends the connection to Redis, where there is one. */
  close(): void
}

/**
 * A token bucket before a route: `rate` a second, `burst` at once. What is over it gets the front
 * end's 429 with `Retry-After`. In memory, or on Redis where one is given.
 * @throws {SpillwayError} SPILLWAY_USAGE for a rate, burst or Redis URL that is none, or without
 *   `ioredis` where `redis` is given.
 */
export function rateLimit(settings: RateLimitSettings<IncomingMessage>): RateLimitMiddleware {
  const limiter = createLimiter(settings)
  const middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const proceed = (refusal: HttpResponse | undefined): void => {
      if (refusal === undefined) next()
      else new NodeReply(response).send(refusal)
    }
    const refusal = limiter.refusalOf(request)
    if (refusal instanceof Promise) void refusal.then(proceed)
    else proceed(refusal)
  }
  return Object.assign(middleware, { close: () => limiter.close() })
}
