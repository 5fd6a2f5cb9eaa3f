import type { Clock } from '../lib/clock.ts'
import type { Throttle } from '../model/front-rules.ts'
import { createFadingMap } from './fading-map.ts'
import { ALLOWED, type RateLimit, type RateVerdict } from './rate-limit.ts'

/** What a bucket says that will never have a token. */
const NEVER: RateVerdict = { allowed: false, retryAfterMs: 1000 }

/** Without a rate or without room nothing passes, as with an API Gateway throttle of 0. */
export function isShut({ rate, burst }: Throttle): boolean {
  return rate <= 0 || burst < 1
}

/**
 * Token buckets in memory, one for each key: `burst` tokens at most, refilled at `rate` a second, as
 * API Gateway's. Kept as the moment at which each will be full again: one number a key, and nothing
 * for a full one.
 */
export function createBuckets(throttle: Throttle, clock: Clock): MemoryLimit {
  if (isShut(throttle)) return { consume: () => NEVER }
  const { rate, burst } = throttle
  const tokenMs = 1000 / rate
  const roomMs = (burst - 1) * tokenMs
  const fullAt = createFadingMap<number>(burst * tokenMs)
  return {
    consume(key) {
      const nowMs = clock.nowMs()
      const fullAtMs = Math.max(fullAt.get(key, nowMs) ?? nowMs, nowMs)
      const overMs = fullAtMs - nowMs - roomMs
      // Less than a nanosecond is what adding up fractions leaves.
      if (overMs > 1e-6) return { allowed: false, retryAfterMs: overMs }
      fullAt.set(key, fullAtMs + tokenMs)
      return ALLOWED
    },
  }
}

/** A limit that always answers at once. */
export interface MemoryLimit extends RateLimit {
  consume(key: string): RateVerdict
}
