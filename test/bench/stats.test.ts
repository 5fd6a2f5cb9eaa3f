import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { formatSummary, median, summarize } from '../../bench/support/stats.ts'

describe('median', () => {
  it('is the middle value, or the mean of the two middle ones', () => {
    assert.equal(median([3, 1, 2]), 2)
    assert.equal(median([4, 1, 3, 2]), 2.5)
    assert.equal(median([10, 9]), 9.5)
    assert.equal(median([]), NaN)
  })

  it('has as many values above it as below', () => {
    const values = fc.array(fc.integer(), { minLength: 1, size: 'max', maxLength: 50 })
    fc.assert(
      fc.property(values, (list) => {
        const middle = median(list)
        const below = list.filter((value) => value < middle).length
        const above = list.filter((value) => value > middle).length
        assert.ok(below <= list.length / 2 && above <= list.length / 2)
      }),
    )
  })
})

describe('a summary', () => {
  it('reads as median and range, thousands apart', () => {
    assert.equal(formatSummary(summarize([1234, 9876543, 2000])), '2 000 (1 234–9 876 543)')
    assert.equal(formatSummary(summarize([0.25, 0.5, 0.75]), 2), '0.50 (0.25–0.75)')
  })

  it('of nothing is a dash and no figure', () => {
    assert.equal(summarize([]), undefined)
    assert.equal(formatSummary(undefined), '–')
  })
})
