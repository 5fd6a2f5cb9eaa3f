import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualClock } from '../../src/lib/clock.ts'
import type { Quota } from '../../src/model/front-rules.ts'
import { createQuotas, periodAt } from '../../src/rates/quota.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('A quota', () => {
  test('counts a key up to its limit, until the period is over', () => {
    const clock = virtualClock(Date.UTC(2026, 10, 30, 22))
    const quotas = createQuotas({ limit: 2, period: 'DAY', offset: 0 }, clock)
    assert.deepEqual(
      [quotas.consume('a'), quotas.consume('a')],
      [{ allowed: true }, { allowed: true }],
    )
    assert.deepEqual(quotas.consume('a'), { allowed: false, retryAfterMs: DAY_MS / 12 })
    assert.deepEqual(quotas.consume('b'), { allowed: true }, 'another key has a count of its own')
    clock.advance(DAY_MS / 12 - 1)
    assert.equal(quotas.consume('a').allowed, false)
    clock.advance(1)
    assert.deepEqual(quotas.consume('a'), { allowed: true })
  })

  test('lets nothing through at a limit of 0', () => {
    const quotas = createQuotas({ limit: 0, period: 'MONTH', offset: 0 }, virtualClock())
    assert.equal(quotas.consume('a').allowed, false)
  })

  test('has periods that begin at midnight UTC: days, weeks from Sunday, months from the first', () => {
    const cases: [Omit<Quota, 'limit'>, at: string, start: string, end: string][] = [
      [{ period: 'DAY', offset: 0 }, '2026-11-24T23:59:59.999Z', '2026-11-24', '2026-11-25'],
      // A Tuesday.
      [{ period: 'WEEK', offset: 0 }, '2026-11-24T12:00:00Z', '2026-11-22', '2026-11-29'],
      [{ period: 'WEEK', offset: 1 }, '2026-11-24T12:00:00Z', '2026-11-23', '2026-11-30'],
      [{ period: 'WEEK', offset: 3 }, '2026-11-24T12:00:00Z', '2026-11-18', '2026-11-25'],
      [{ period: 'WEEK', offset: 2 }, '2026-11-24T00:00:00Z', '2026-11-24', '2026-12-01'],
      [{ period: 'MONTH', offset: 0 }, '2026-12-31T23:00:00Z', '2026-12-01', '2027-01-01'],
      [{ period: 'MONTH', offset: 27 }, '2028-02-28T00:00:00Z', '2028-02-28', '2028-03-28'],
      [{ period: 'MONTH', offset: 27 }, '2027-01-15T00:00:00Z', '2026-12-28', '2027-01-28'],
    ]
    for (const [quota, at, start, end] of cases) {
      const { startMs, endMs } = periodAt({ limit: 1, ...quota }, Date.parse(at))
      const days = [startMs, endMs].map((ms) => new Date(ms).toISOString())
      assert.deepEqual(days, [`${start}T00:00:00.000Z`, `${end}T00:00:00.000Z`], at)
    }
  })
})
