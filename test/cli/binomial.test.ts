import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { exactInterval, incompleteBeta } from '../../src/cli/binomial.ts'

/** Equal to so many significant digits. */
function assertClose(actual: number, expected: number, digits = 6): void {
  assert.equal(actual.toPrecision(digits), expected.toPrecision(digits))
}

describe('The exact interval of a rate', () => {
  // Clopper–Pearson has closed forms at both ends; the one in the middle is in every table.
  const known: [count: number, trials: number, low: number, high: number][] = [
    [0, 10, 0, 1 - 0.025 ** (1 / 10)],
    [10, 10, 0.025 ** (1 / 10), 1],
    [1, 10, 1 - 0.975 ** (1 / 10), 0.445016],
    [5, 10, 0.187086, 0.812914],
    [0, 4_800_000, 0, -Math.expm1(Math.log(0.025) / 4_800_000)],
    // The article's one in 1.6 million: Poisson's exact interval for one event over the trials.
    [1, 1_600_000, 0.0253178 / 1_600_000, 5.57164 / 1_600_000],
  ]
  for (const [count, trials, low, high] of known) {
    test(`is the known one (${count} of ${trials})`, () => {
      const interval = exactInterval(count, trials)
      assertClose(interval.low, low, 5)
      assertClose(interval.high, high, 5)
    })
  }

  test('says nothing where nothing was tried', () => {
    assert.deepEqual(exactInterval(0, 0), { low: 0, high: 1 })
  })

  test('holds the observed rate, is wider with fewer trials, and mirrors its complement', () => {
    const trials = fc.integer({ min: 1, max: 5000 })
    const given = trials.chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)))
    fc.assert(
      fc.property(given, ([count, n]) => {
        const { low, high } = exactInterval(count, n)
        assert.ok(low <= count / n && count / n <= high, `${low} ${count / n} ${high}`)
        const more = exactInterval(count * 10, n * 10)
        assert.ok(more.high - more.low < high - low)
        const mirrored = exactInterval(n - count, n)
        assert.ok(Math.abs(mirrored.low - (1 - high)) < 1e-9)
        assert.ok(Math.abs(mirrored.high - (1 - low)) < 1e-9)
      }),
    )
  })
})

describe('The incomplete beta function', () => {
  test('is the sum of the binomial terms above it', () => {
    const choose = (n: number, k: number): number =>
      k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k
    for (const [k, n, p] of [
      [3, 12, 0.2],
      [7, 9, 0.8],
      [1, 20, 0.01],
    ] as const) {
      let sum = 0
      for (let i = k; i <= n; i++) sum += choose(n, i) * p ** i * (1 - p) ** (n - i)
      assertClose(incompleteBeta(k, n - k + 1, p), sum, 10)
    }
  })
})
