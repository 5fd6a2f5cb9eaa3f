import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { createRetryBudget, type RetryBudget } from '../../src/invoke/budget.ts'
import { virtualClock } from '../../src/lib/clock.ts'

function setup() {
  const clock = virtualClock()
  return { clock, budget: createRetryBudget(clock) }
}

function invoke(budget: RetryBudget, count: number): void {
  for (let n = 0; n < count; n++) budget.onInvocation()
}

/** How many retries are left in this second. */
function takeAll(budget: RetryBudget): number {
  let taken = 0
  while (budget.take()) taken++
  return taken
}

describe('A retry budget', () => {
  test('allows ten a second, however little comes', () => {
    const { clock, budget } = setup()
    assert.equal(takeAll(budget), 10)
    clock.advance(999)
    assert.equal(takeAll(budget), 0)
    assert.equal(budget.restMs(), 1)
    clock.advance(budget.restMs())
    assert.equal(takeAll(budget), 10)
  })

  test('allows a tenth of the rate where that is more, of this second or of the one before', () => {
    const { clock, budget } = setup()
    invoke(budget, 500)
    assert.equal(takeAll(budget), 50)
    clock.advance(1000)
    assert.equal(takeAll(budget), 50)
    clock.advance(1000)
    assert.equal(takeAll(budget), 10)
  })

  test('forgets the rate after a pause', () => {
    const { clock, budget } = setup()
    invoke(budget, 500)
    clock.advance(2000)
    assert.equal(takeAll(budget), 10)
  })

  test('never allows more in a second than ten or a tenth of what came in two', () => {
    const step = fc.record(
      { pauseMs: fc.nat({ max: 1500 }), invocations: fc.nat({ max: 400 }) },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
        const { clock, budget } = setup()
        const came = new Map<number, number>()
        const taken = new Map<number, number>()
        for (const { pauseMs, invocations } of steps) {
          clock.advance(pauseMs)
          const second = Math.floor(clock.nowMs() / 1000)
          invoke(budget, invocations)
          came.set(second, (came.get(second) ?? 0) + invocations)
          taken.set(second, (taken.get(second) ?? 0) + takeAll(budget))
          const rate = Math.max(came.get(second) ?? 0, came.get(second - 1) ?? 0)
          assert.equal(taken.get(second), Math.max(10, Math.ceil(rate / 10)))
        }
      }),
    )
  })
})
