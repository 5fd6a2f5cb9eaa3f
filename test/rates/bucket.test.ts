import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { virtualClock } from '../../src/lib/clock.ts'
import { createBuckets } from '../../src/rates/bucket.ts'

describe('A token bucket in memory', () => {
  test('lets a burst through at once, and then the rate', () => {
    const clock = virtualClock()
    const buckets = createBuckets({ rate: 50, burst: 100 }, clock)
    const passing = (): number => passed(() => buckets.consume('a').allowed, 200)
    assert.equal(passing(), 100)
    assert.equal(passing(), 0)
    clock.advance(500)
    assert.equal(passing(), 25)
    clock.advance(60_000)
    assert.equal(passing(), 100, 'an hour idle fills it, and no further')
  })

  test('says when there is room again, to the millisecond', () => {
    const clock = virtualClock()
    const buckets = createBuckets({ rate: 0.5, burst: 1 }, clock)
    assert.deepEqual(buckets.consume('a'), { allowed: true })
    clock.advance(300)
    assert.deepEqual(buckets.consume('a'), { allowed: false, retryAfterMs: 1700 })
    clock.advance(1699)
    assert.equal(buckets.consume('a').allowed, false)
    clock.advance(1)
    assert.equal(buckets.consume('a').allowed, true)
  })

  test('counts each key by itself', () => {
    const buckets = createBuckets({ rate: 1, burst: 1 }, virtualClock())
    assert.equal(buckets.consume('a').allowed, true)
    assert.equal(buckets.consume('b').allowed, true)
    assert.equal(buckets.consume('a').allowed, false)
  })

  test('lets nothing through without a rate or without room', () => {
    for (const throttle of [
      { rate: 0, burst: 10 },
      { rate: 10, burst: 0 },
    ]) {
      const buckets = createBuckets(throttle, virtualClock())
      assert.equal(buckets.consume('a').allowed, false, JSON.stringify(throttle))
    }
  })

  test('behaves as a count of tokens does, for any rate, burst and traffic', () => {
    const traffic = fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c'),
        // Half a token, whole ones, a burst, an age: all the ways to go over an edge.
        tokens: fc.constantFrom(0, 0, 0, 0.25, 0.5, 1, 1, 2, 3, 10, 1000),
      }),
      { maxLength: 200, size: 'max' },
    )
    // Milliseconds that a token takes: powers of two, which sum up exactly.
    const tokenMs = fc.constantFrom(0.125, 1, 16, 1024, 65_536)
    fc.assert(
      fc.property(tokenMs, fc.integer({ min: 1, max: 20 }), traffic, (token, burst, steps) => {
        const clock = virtualClock()
        const buckets = createBuckets({ rate: 1000 / token, burst }, clock)
        const model = countOfTokens(1 / token, burst)
        for (const { key, tokens } of steps) {
          clock.advance(tokens * token)
          const expected = model(key, clock.nowMs())
          const verdict = buckets.consume(key)
          assert.equal(verdict.allowed, expected.allowed)
          if (!verdict.allowed) assert.equal(verdict.retryAfterMs, expected.missing * token)
        }
      }),
      { numRuns: 3000 },
    )
  })

  test('never lets more than burst and rate together through, whatever the fractions', () => {
    const gaps = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), {
      maxLength: 300,
      size: 'max',
    })
    const rates = fc.double({ min: 0.01, max: 10_000, noNaN: true })
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 50 }), gaps, (rate, burst, steps) => {
        const clock = virtualClock()
        const buckets = createBuckets({ rate, burst }, clock)
        let through = 0
        for (const gap of steps) {
          clock.advance(gap)
          if (buckets.consume('a').allowed) through++
          const most = burst + (rate * clock.nowMs()) / 1000
          assert.ok(through <= most + 1e-6, `${through} of at most ${most}`)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

function passed(consume: () => boolean, times: number): number {
  return Array.from({ length: times }, consume).filter(Boolean).length
}

/** A bucket as it is drawn: so many tokens, some more by now, one taken. */
function countOfTokens(perMs: number, burst: number) {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return (key: string, nowMs: number): { allowed: boolean; missing: number } => {
    const { tokens, atMs } = buckets.get(key) ?? { tokens: burst, atMs: nowMs }
    const filled = Math.min(burst, tokens + (nowMs - atMs) * perMs)
    const allowed = filled >= 1
    buckets.set(key, { tokens: allowed ? filled - 1 : filled, atMs: nowMs })
    return { allowed, missing: 1 - filled }
  }
}
