import type { Clock } from '../lib/clock.ts'
import type { Quota } from '../model/front-rules.ts'
import type { MemoryLimit } from './bucket.ts'
import { ALLOWED } from './rate-limit.ts'

/** From when to when a quota counts, as milliseconds since 1970. */
export interface Period {
  readonly startMs: number
  readonly endMs: number
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * The period that a moment is in. They begin at midnight UTC: each day; on Sundays, or as many days
 * later as the offset says; on the first of each month, or as many days later.
 */
export function periodAt({ period, offset }: Quota, wallMs: number): Period {
  const date = new Date(wallMs)
  const today = Math.floor(wallMs / DAY_MS) * DAY_MS
  if (period === 'DAY') return { startMs: today, endMs: today + DAY_MS }
  if (period === 'WEEK') {
    const startMs = today - ((date.getUTCDay() - offset + 7) % 7) * DAY_MS
    return { startMs, endMs: startMs + 7 * DAY_MS }
  }
  const month = date.getUTCMonth() - (date.getUTCDate() > offset ? 0 : 1)
  const startOf = (which: number): number => Date.UTC(date.getUTCFullYear(), which, 1 + offset)
  return { startMs: startOf(month), endMs: startOf(month + 1) }
}

/** Counts the requests of each key and period in memory: a restart begins at nought. */
export function createQuotas(quota: Quota, clock: Clock): MemoryLimit {
  const used = new Map<string, number>()
  let endMs = -Infinity
  return {
    consume(key) {
      const wallMs = clock.wallMs()
      if (wallMs >= endMs) {
        used.clear()
        endMs = periodAt(quota, wallMs).endMs
      }
      const before = used.get(key) ?? 0
      if (before >= quota.limit) return { allowed: false, retryAfterMs: endMs - wallMs }
      used.set(key, before + 1)
      return ALLOWED
    },
  }
}
