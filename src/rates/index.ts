import { realClock, type Clock } from '../lib/clock.ts'
import { SpillwayError } from '../lib/errors.ts'
import type { OnRedisDown, Throttle } from '../model/front-rules.ts'
import type { RateLimit } from './rate-limit.ts'
import { createRates } from './rates.ts'

export type { OnRedisDown } from '../model/front-rules.ts'
export type { RateLimit, RateVerdict } from './rate-limit.ts'
export { createRates } from './rates.ts'
export type { Rates, RatesConfig, RedisCheck } from './rates.ts'

export interface RateLimitOptions extends Throttle {
  /** `redis://…` or `rediss://…`: processes that name the same one share the limit. Needs `ioredis`. */
  readonly redis?: string
  /** Default `local`. */
  readonly onRedisDown?: OnRedisDown
  /** Limits of one name share their counts on Redis. Default: those of the same rate and burst. */
  readonly name?: string
  readonly clock?: Clock
}

/** A rate limit with the connection that it may have. */
export interface OwnRateLimit extends RateLimit {
  /** Ends the connection to Redis. */
  close(): void
}

/**
 * A rate limit of its own, without a server around it; one for any number of routes and keys. That
 * Redis has gone or come back is a process warning.
 * @throws {SpillwayError} SPILLWAY_USAGE for a rate or burst that is none, for what is no URL of a
 *   Redis, or without `ioredis` where `redis` is given.
 */
export function createRateLimit(options: RateLimitOptions): OwnRateLimit {
  const { rate, burst, redis, onRedisDown, clock = realClock } = options
  if (!(rate >= 0 && burst >= 0 && rate < Infinity && burst < Infinity)) {
    const message = `expected rate and burst to be numbers of at least 0, got: ${rate} and ${burst}`
    throw new SpillwayError('SPILLWAY_USAGE', message)
  }
  let known = false
  const onNote = (sentence: string, isUp: boolean): void => {
    // As it should be from the beginning: no reason to warn.
    if (known || !isUp) process.emitWarning(sentence)
    known = true
  }
  const rates = createRates({ clock, onNote })
  rates.configure({ redis, onRedisDown })
  const limit = rates.throttle(options.name ?? `${rate}/${burst}`, { rate, burst })
  return { consume: (key) => limit.consume(key), close: () => rates.close() }
}
