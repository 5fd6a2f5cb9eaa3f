import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { virtualClock } from '../../src/lib/clock.ts'
import { Deadlines, type Timed } from '../../src/lib/deadlines.ts'

describe('Deadlines', () => {
  test('tell each that is still there, once, when its moment has come', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), inMs: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ kind: fc.constant('remove' as const), which: fc.nat(20) }),
      fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(20) }),
    )
    fc.assert(
      fc.property(fc.array(step, { size: 'max', maxLength: 60 }), (steps) => {
        const clock = virtualClock()
        const deadlines = new Deadlines(clock)
        const told: string[] = []
        const expected: string[] = []
        let live: (Timed & { readonly name: string })[] = []
        let count = 0
        for (const each of steps) {
          if (each.kind === 'add') {
            const name = `${count++}`
            const dueMs = clock.nowMs() + each.inMs
            const onDue = (): void => void told.push(`${name} at ${clock.nowMs()}`)
            const timed = { name, dueMs, slot: -1, onDue }
            live.push(timed)
            deadlines.add(timed)
          } else if (each.kind === 'remove') {
            const timed = live[each.which]
            if (timed !== undefined) deadlines.remove(timed)
            live = live.filter((other) => other !== timed)
          } else {
            const untilMs = clock.nowMs() + each.ms
            for (const { name, dueMs } of live.filter((timed) => timed.dueMs <= untilMs)) {
              expected.push(`${name} at ${dueMs}`)
            }
            live = live.filter(({ dueMs }) => dueMs > untilMs)
            clock.advance(each.ms)
          }
          assert.deepEqual(told.toSorted(), expected.toSorted())
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('let one go that another takes along when it is told', () => {
    const clock = virtualClock()
    const deadlines = new Deadlines(clock)
    const told: string[] = []
    const later = { dueMs: 20, slot: -1, onDue: () => void told.push('later') }
    const first = {
      dueMs: 10,
      slot: -1,
      onDue() {
        told.push('first')
        deadlines.remove(later)
        deadlines.remove(first)
      },
    }
    deadlines.add(first)
    deadlines.add(later)
    clock.advance(100)
    assert.deepEqual(told, ['first'])
  })
})
