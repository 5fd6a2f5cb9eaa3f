import type { Clock } from '../lib/clock.ts'
import type { LimitsConfig } from '../model/limits.ts'
import type { LimitNode } from './tree.ts'

/** Lambda's limits per second, which hold in mode `aws` alone. */
export interface Rates {
  /** Counts a request of a function; the limit whose rate is used up, if one is. */
  refuse(fn: LimitNode, account: LimitNode): LimitNode | undefined
  /** Counts the start of an environment; false where the function has started too many. */
  takeStart(functionName: string): boolean
}

/** "Understanding Lambda function scaling": ten requests a second for each unit of concurrency. */
const REQUESTS_PER_SLOT = 10
/** "Lambda scaling behavior": 1,000 environments every ten seconds, for each function. */
const STARTS_MAX = 1000
const STARTS_PER_S = 100

/** A token bucket, refilled continuously. */
interface Bucket {
  tokens: number
  filledMs: number
}

/**
 * A function with reserved concurrency has the request rate of its reservation, all others share that
 * of the account. Buckets are full at first: they hold one second's worth of requests.
 */
export function createRates(config: () => LimitsConfig, clock: Clock): Rates {
  const buckets = new Map<string, Bucket>()

  const take = (key: string, perSecond: number, capacity: number): boolean => {
    const nowMs = clock.nowMs()
    const bucket = buckets.get(key) ?? { tokens: capacity, filledMs: nowMs }
    buckets.set(key, bucket)
    const more = ((nowMs - bucket.filledMs) / 1000) * perSecond
    bucket.tokens = Math.min(capacity, bucket.tokens + more)
    bucket.filledMs = nowMs
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }
  const takeRequest = (key: string, concurrency: number): boolean =>
    take(key, concurrency * REQUESTS_PER_SLOT, concurrency * REQUESTS_PER_SLOT)

  return {
    refuse(fn, account) {
      const reserved = config().functions[fn.name]?.reservedConcurrency
      if (reserved === undefined) return takeRequest('account', account.max) ? undefined : account
      return takeRequest(`requests:${fn.name}`, reserved) ? undefined : fn
    },
    takeStart: (functionName) => take(`starts:${functionName}`, STARTS_PER_S, STARTS_MAX),
  }
}
