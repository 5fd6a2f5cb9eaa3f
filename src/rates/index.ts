import { realClock, type Clock } from '../lib/clock.ts'
import type { Throttle } from '../model/front-rules.ts'
import { createBuckets } from './bucket.ts'
import type { OnRedisDown, RateLimit } from './rate-limit.ts'

export type { OnRedisDown, RateLimit, RateVerdict } from './rate-limit.ts'

export interface RateLimitOptions extends Throttle {
  /** `redis://…` or `rediss://…`: processes that name the same one share the limit. Needs `ioredis`. */
  readonly redis?: string
  /** Default `local`. */
  readonly onRedisDown?: OnRedisDown
  readonly clock?: Clock
}

/** A rate limit of its own, without a server around it. */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  return createBuckets(options, options.clock ?? realClock)
}
