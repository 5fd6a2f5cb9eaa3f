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

/** The verdict on all that is let through. */
export const ALLOWED: RateVerdict = { allowed: true }
