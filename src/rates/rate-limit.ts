/** Let through; or not, and when there will be room again. */
export type RateVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfterMs: number }

/** One limit, counted for each key by itself. */
export interface RateLimit {
  /**
   * Takes one request of this key. In memory it answers at once, with Redis by a promise that never
   * rejects and settles within a fraction of a second, whatever Redis does.
   */
  consume(key: string): RateVerdict | Promise<RateVerdict>
}

/** What is said to a request while Redis cannot be asked. */
export type OnRedisDown =
  /** Each process counts for itself, up to the whole limit. */
  | 'local'
  /** All are let through. */
  | 'open'
  /** None is. */
  | 'closed'

/** The verdict on all that is let through. */
export const ALLOWED: RateVerdict = { allowed: true }
