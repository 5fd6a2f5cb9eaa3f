import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createWatch, type Timed } from '../../src/adapters/core/watch.ts'

describe('The watch over calls', () => {
  const timed = (onTimeout: () => void): Timed => ({ slot: 0, untilTick: 0, onTimeout })

  test('ends a call not before its time and little after it', (t) => {
    for (const timeMs of [1, 7, 50, 999, 29_000, 900_000]) {
      t.mock.timers.enable({ apis: ['setInterval', 'Date'] })
      const watch = createWatch(timeMs)
      const ended: number[] = []
      // Others come and go, at other moments.
      watch.add(timed(() => {}))
      t.mock.timers.tick(timeMs / 3)
      const startMs = Date.now()
      const call = timed(() => {
        ended.push(Date.now())
        watch.remove(call)
      })
      watch.add(call)
      for (let ms = 0; ms < 2 * timeMs + 10 && ended.length === 0; ms++) t.mock.timers.tick(1)
      const tookMs = (ended[0] ?? Infinity) - startMs
      assert.ok(tookMs >= timeMs && tookMs <= timeMs * 1.04 + 3, `${tookMs} of ${timeMs}`)
      t.mock.timers.reset()
    }
  })

  test('leaves alone what has ended, and stands still when nothing runs', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const watch = createWatch(100)
    const calls = Array.from({ length: 3 }, () => timed(() => assert.fail('it has ended')))
    for (let round = 0; round < 2; round++) {
      for (const call of calls) watch.add(call)
      for (const call of calls) watch.remove(call)
      for (const call of calls) watch.remove(call)
      t.mock.timers.tick(1000)
    }
    assert.deepEqual(new Set(calls.map(({ slot }) => slot)), new Set([0, 1, 2]))
  })
})
