import { randomUUID } from 'node:crypto'
import { gatewayError, type HttpResponse, type RouteContext } from '../../events/index.ts'
import { createRateLimit, type RateLimitOptions, type RateVerdict } from '../../rates/index.ts'

export interface RateLimitSettings<Request> extends RateLimitOptions {
  /** Whose limit it is, such as the caller's address. Default: one for all, as a route's throttle. */
  readonly key?: (request: Request) => string
  /** Whose 429 it is: of a REST API, an HTTP API or a Function URL. Default: `rest`. */
  readonly front?: RouteContext['front']
}

/** A rate limit over requests. */
export interface Limiter<Request> {
  /** Undefined lets it through; else the answer. With Redis by a promise that never rejects. */
  refusalOf(request: Request): HttpResponse | undefined | Promise<HttpResponse | undefined>
  /** Ends the connection to Redis. */
  close(): void
}

/** @throws {SpillwayError} SPILLWAY_USAGE as `createRateLimit`. */
export function createLimiter<Request>({
  key,
  front = 'rest',
  ...options
}: RateLimitSettings<Request>): Limiter<Request> {
  const limit = createRateLimit(options)
  const refusalOf = (verdict: RateVerdict): HttpResponse | undefined => {
    if (verdict.allowed) return undefined
    const retryAfterS = Math.max(1, Math.ceil(verdict.retryAfterMs / 1000))
    return gatewayError(front, 'throttled', { requestId: randomUUID(), retryAfterS })
  }
  return {
    refusalOf(request) {
      const verdict = limit.consume(key === undefined ? '' : key(request))
      return 'then' in verdict ? verdict.then(refusalOf) : refusalOf(verdict)
    },
    close: () => limit.close(),
  }
}
