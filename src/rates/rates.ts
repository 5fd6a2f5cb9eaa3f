import type { Clock } from '../lib/clock.ts'
import type { OnRedisDown, Quota, Throttle } from '../model/front-rules.ts'
import { createBuckets, isShut, type MemoryLimit } from './bucket.ts'
import { createQuotas } from './quota.ts'
import { ALLOWED, type RateLimit, type RateVerdict } from './rate-limit.ts'
import { redisBuckets, redisQuotas, type AskRedis } from './redis-limits.ts'
import { RedisLink, type RedisState } from './redis-link.ts'

/** Where limits are counted. */
export interface RatesConfig {
  /** `redis://…`. Absent: in memory. */
  readonly redis?: string | undefined
  /** Default `local`. */
  readonly onRedisDown?: OnRedisDown | undefined
}

export interface RatesOptions {
  readonly clock: Clock
  /** Redis is there, has gone, or has come back: one sentence. */
  readonly onNote: (sentence: string, isUp: boolean) => void
}

/** All rate limits of a process. */
export interface Rates {
  /**
   * Counts there from now on, also for limits that have been made.
   * @throws {SpillwayError} SPILLWAY_USAGE when `ioredis` is needed and not installed.
   */
  configure(config: RatesConfig): void
  /** Token buckets of this name. Asked again for the same, it goes on with what was counted. */
  throttle(name: string, throttle: Throttle): RateLimit
  /** The quota of this name, likewise. */
  quota(name: string, quota: Quota): RateLimit
  /** For `/readyz`; none without Redis. */
  checks(): readonly RedisCheck[]
  close(): void
}

export interface RedisCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

/** What is said while Redis is down, in the words of the log and of `/readyz`. */
const MEANWHILE: Readonly<Record<OnRedisDown, string>> = {
  local: 'rate limits are counted by each process for itself',
  open: 'rate limits let everything through',
  closed: 'what has a rate limit is refused',
}

/** Until Redis is back, tries are worth making every second. */
const CLOSED: RateVerdict = { allowed: false, retryAfterMs: 1000 }

/** The rate limits of a process; in memory until it is configured otherwise. */
export function createRates({ clock, onNote }: RatesOptions): Rates {
  const memory = new Map<string, MemoryLimit>()
  let shared: Shared | undefined
  let config: RatesConfig = {}

  const limitOf = (name: string, numbers: string, ways: Ways): RateLimit => {
    const id = `${name} ${numbers}`
    const local = memory.get(id) ?? ways.local()
    memory.set(id, local)
    let countedOn: Shared | undefined
    let limit: RateLimit = local
    return {
      consume(key) {
        if (countedOn !== shared) {
          countedOn = shared
          limit = shared === undefined ? local : overRedis(shared, local, ways.onRedis(shared.link))
        }
        return limit.consume(`${name}:${key}`)
      },
    }
  }

  return {
    configure(next) {
      if (next.redis === config.redis && next.onRedisDown === config.onRedisDown) return
      const opened = openShared(next, { clock, onNote })
      shared?.link.close()
      shared = opened
      config = next
    },
    throttle(name, throttle) {
      const local = (): MemoryLimit => createBuckets(throttle, clock)
      if (isShut(throttle)) return local()
      return limitOf(name, `${throttle.rate}/${throttle.burst}`, {
        local,
        onRedis: (link) => redisBuckets(link, throttle),
      })
    },
    quota: (name, quota) =>
      limitOf(name, `${quota.limit}/${quota.period}+${quota.offset}`, {
        local: () => createQuotas(quota, clock),
        onRedis: (link) => redisQuotas(link, quota, clock),
      }),
    checks: () => (shared === undefined ? [] : [checkOf(shared)]),
    close: () => shared?.link.close(),
  }
}

/** How one limit is counted. */
interface Ways {
  readonly local: () => MemoryLimit
  readonly onRedis: (link: RedisLink) => AskRedis
}

/** The Redis that limits are counted on. */
interface Shared {
  readonly link: RedisLink
  readonly onRedisDown: OnRedisDown
}

function openShared(
  { redis, onRedisDown = 'local' }: RatesConfig,
  { clock, onNote }: RatesOptions,
): Shared | undefined {
  if (redis === undefined) return undefined
  const link: RedisLink = new RedisLink({
    url: redis,
    clock,
    probe: () => probe('probe'),
    onChange: (state) => onNote(sentenceOf(state, link.address, onRedisDown), state.up),
  })
  const probe = redisBuckets(link, PROBE)
  return { link, onRedisDown }
}

/** Never in the way of a probe: it is to say whether Redis counts, not how far. */
const PROBE: Throttle = { rate: 1000, burst: 1000 }

function sentenceOf({ up, reason }: RedisState, address: string, onRedisDown: OnRedisDown): string {
  return up
    ? `redis ${address}: connected; rate limits are shared`
    : `redis ${address}: ${reason}; ${MEANWHILE[onRedisDown]}`
}

/**
 * A node that refuses for want of Redis is not ready, so that others are asked that may still reach
 * it. One that goes on without is.
 */
function checkOf({ link, onRedisDown }: Shared): RedisCheck {
  const { state, address } = link
  return {
    name: 'redis',
    ok: state.up || onRedisDown !== 'closed',
    detail: state.up ? `${address} up` : `${address} down; ${MEANWHILE[onRedisDown]}`,
  }
}

/** Asks Redis while it is up, and never lets on that it failed. */
function overRedis({ link, onRedisDown }: Shared, local: MemoryLimit, ask: AskRedis): RateLimit {
  const meanwhile = (key: string): RateVerdict => {
    if (onRedisDown === 'local') return local.consume(key)
    return onRedisDown === 'open' ? ALLOWED : CLOSED
  }
  const consume = (key: string): RateVerdict | Promise<RateVerdict> =>
    link.state.up ? ask(key).catch(() => meanwhile(key)) : meanwhile(key)
  let isKnown = false
  void link.known.then(() => (isKnown = true))
  return {
    consume: (key) => (isKnown ? consume(key) : link.known.then(() => consume(key))),
  }
}
