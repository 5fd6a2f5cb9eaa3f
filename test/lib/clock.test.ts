import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { realClock, virtualClock } from '../../src/lib/clock.ts'

describe('The virtual clock', () => {
  test('stands still until it is moved, and reads wall time from where it started', () => {
    const clock = virtualClock(1_700_000_000_000)
    assert.deepEqual([clock.nowMs(), clock.wallMs()], [0, 1_700_000_000_000])
    clock.advance(1500)
    assert.deepEqual([clock.nowMs(), clock.wallMs()], [1500, 1_700_000_001_500])
  })

  test('fires each timer once, in the order of time, and at its time', () => {
    const delay = fc.nat({ max: 50 })
    const delays = fc.array(delay, { maxLength: 40, size: 'max' })
    const steps = fc.array(delay, { maxLength: 40, size: 'max' })
    fc.assert(
      fc.property(delays, steps, (given, moves) => {
        const clock = virtualClock()
        const fired: { nth: number; atMs: number }[] = []
        for (const [nth, ms] of given.entries()) {
          clock.after(ms, () => fired.push({ nth, atMs: clock.nowMs() }))
        }
        for (const ms of moves) clock.advance(ms)
        const untilMs = moves.reduce((sum, ms) => sum + ms, 0)
        const due = given
          .map((atMs, nth) => ({ nth, atMs }))
          .filter(({ atMs }) => moves.length > 0 && atMs <= untilMs)
          .sort((a, b) => a.atMs - b.atMs)
        assert.deepEqual(fired, due)
        assert.equal(clock.nowMs(), untilMs)
      }),
    )
  })

  test('fires what a timer sets, if it falls due on the way', () => {
    const clock = virtualClock()
    const fired: number[] = []
    const tick = (): void => {
      fired.push(clock.nowMs())
      clock.after(10, tick)
    }
    clock.after(10, tick)
    clock.advance(35)
    assert.deepEqual(fired, [10, 20, 30])
  })

  test('does not fire what was called off, nor what is never to fire', () => {
    const clock = virtualClock()
    const timer = clock.after(10, () => assert.fail('called off'))
    clock.after(Infinity, () => assert.fail('never'))
    timer[Symbol.dispose]()
    clock.advance(1e9)
  })

  test('takes a delay that is over as one of none', () => {
    const clock = virtualClock()
    let firedMs: number | undefined
    clock.advance(5)
    clock.after(-3, () => (firedMs = clock.nowMs()))
    clock.advance(0)
    assert.equal(firedMs, 5)
  })
})

describe('The real clock', () => {
  test('never fires what waits for ever, and does not fire at once what waits very long', async () => {
    const timers = [Infinity, 2 ** 31, 1e15].map((ms) =>
      realClock.after(ms, () => assert.fail(`fired after ${ms} ms`)),
    )
    const { promise, resolve } = Promise.withResolvers<void>()
    const keepAlive = setTimeout(() => {}, 60_000)
    realClock.after(-1, () => realClock.after(2, resolve))
    await promise
    clearTimeout(keepAlive)
    for (const timer of timers) timer[Symbol.dispose]()
  })
})
