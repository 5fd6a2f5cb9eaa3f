import { createRequire } from 'node:module'
import type {
  IRateLimiterRedisOptions,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible'
import type { Clock } from '../lib/clock.ts'
import type { Quota, Throttle } from '../model/front-rules.ts'
import { periodAt } from './quota.ts'
import { ALLOWED, type RateVerdict } from './rate-limit.ts'
import type { RedisLink, Script } from './redis-link.ts'

/** Asks Redis; rejects when that cannot answer. */
export type AskRedis = (key: string) => Promise<RateVerdict>

const PREFIX = 'spillway'

/**
 * A token bucket, in the place of the library's count of a fixed window: that lets twice its limit
 * through where two windows meet, and its BurstyRateLimiter, two such windows, rate + burst at once.
 * As in memory, one number a key: when it will be full, by Redis's own clock. ARGV is the library's:
 * tokens to take, nothing of use, burst, and the seconds in which an empty bucket fills.
 */
const BUCKET = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local burst = tonumber(ARGV[3])
local token = ARGV[4] * 1000 / burst
local full = tonumber(redis.call('GET', KEYS[1]) or '') or now
full = math.min(math.max(full, now), now + burst * token)
local over = full - now - (burst - ARGV[1]) * token
if over > 0.001 then return {burst + 1, math.ceil(over)} end
full = full + ARGV[1] * token
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil(full - now))
return {math.min(burst, math.ceil((full - now) / token)), 0}
`

/** Any whole number of seconds has the library run the script; what it says is not used there. */
const BY_SCRIPT = { customDuration: 1 }

/** Token buckets that all processes share. */
export function redisBuckets(link: RedisLink, { rate, burst }: Throttle): AskRedis {
  const limiter = newLimiter({
    storeClient: storeOf(link, 'spillwayBucket'),
    keyPrefix: `${PREFIX}:bucket`,
    points: burst,
    duration: burst / rate,
    customIncrTtlLuaScript: BUCKET,
  })
  return async (key) => await verdictOf(limiter.consume(key, 1, BY_SCRIPT))
}

/** Quotas that all processes share, and that outlive them: one count a key and period. */
export function redisQuotas(link: RedisLink, quota: Quota, clock: Clock): AskRedis {
  const limiter = newLimiter({
    storeClient: storeOf(link, 'spillwayQuota'),
    keyPrefix: `${PREFIX}:quota`,
    points: quota.limit,
    duration: 0,
  })
  return async (key) => {
    const wallMs = clock.wallMs()
    const { startMs, endMs } = periodAt(quota, wallMs)
    const day = new Date(startMs).toISOString().slice(0, 10)
    const customDuration = Math.ceil((endMs - wallMs) / 1000)
    return await verdictOf(limiter.consume(`${key}:${day}`, 1, { customDuration }))
  }
}

/**
 * The part of a client that the library uses. Its limiters give their scripts one and the same name:
 * of two that share a client the last would have its way with both.
 */
function storeOf(link: RedisLink, command: string): unknown {
  return {
    defineCommand: (_name: string, script: Script) => link.define(command, script),
    rlflxIncr: (args: readonly string[]) => link.ask(command, args),
  }
}

/** The library refuses by rejecting with what it counted. */
async function verdictOf(asked: Promise<RateLimiterRes>): Promise<RateVerdict> {
  try {
    await asked
    return ALLOWED
  } catch (error) {
    if (error instanceof Error) throw error
    return { allowed: false, retryAfterMs: (error as RateLimiterRes).msBeforeNext }
  }
}

/** Loaded by those alone who name a Redis: it is forty files. */
function newLimiter(options: IRateLimiterRedisOptions): RateLimiterRedis {
  const library = createRequire(import.meta.url)(
    'rate-limiter-flexible',
  ) as typeof import('rate-limiter-flexible')
  return new library.RateLimiterRedis(options)
}
