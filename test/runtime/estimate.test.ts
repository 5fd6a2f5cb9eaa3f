import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { createEstimate } from '../../src/runtime/estimate.ts'

describe('An estimate', () => {
  test('is unknown before the first value, and then that', () => {
    const estimate = createEstimate()
    assert.equal(estimate.mean, undefined)
    estimate.add(0)
    assert.equal(estimate.mean, 0)
  })

  test('moves a tenth of the way to each new value', () => {
    const estimate = createEstimate()
    for (const value of [100, 200, 0]) estimate.add(value)
    assert.equal(estimate.mean, 99)
  })

  test('is never outside of what it has seen', () => {
    const values = fc.array(fc.nat({ max: 1e6 }), { minLength: 1, maxLength: 100, size: 'max' })
    fc.assert(
      fc.property(values, (given) => {
        const estimate = createEstimate()
        for (const value of given) estimate.add(value)
        const mean = estimate.mean ?? NaN
        assert.ok(mean >= Math.min(...given) - 1e-6 && mean <= Math.max(...given) + 1e-6)
      }),
    )
  })
})
