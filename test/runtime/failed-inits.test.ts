import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualClock } from '../../src/lib/clock.ts'
import { createFailedInits } from '../../src/runtime/failed-inits.ts'
import { armFailpoints } from '../../src/runtime/failpoints.ts'
import type { DeathReason, InitFailure } from '../../src/runtime/work.ts'
import { until } from '../support/until.ts'
import { openRig, resultOf } from './rig.ts'

const REASON: DeathReason = { code: 1, signal: null, outOfMemory: false, brokeProtocol: false }
const CRASHED: InitFailure = { timedOut: false, reason: REASON }
const KILLED: InitFailure = { timedOut: false, reason: { ...REASON, signal: 'SIGKILL' } }
const REFUSED: InitFailure = { ...CRASHED, notStarted: 'spawn EAGAIN' }

describe('Starts that come to nothing', () => {
  test('by the function are told after the second', () => {
    const inits = createFailedInits(virtualClock())
    assert.deepEqual([inits.add(CRASHED), inits.restMs(), inits.add(CRASHED)], [false, 0, true])
    inits.clear()
    const hung = { timedOut: true, reason: KILLED.reason }
    assert.deepEqual([inits.add(hung), inits.add(hung)], [false, true])
  })

  test('by the machine are tried again, after longer and longer rests', () => {
    const inits = createFailedInits(virtualClock())
    const rests = [KILLED, REFUSED, KILLED, REFUSED, KILLED, REFUSED].map((failure) => {
      assert.equal(inits.add(failure), false)
      return inits.restMs()
    })
    assert.deepEqual(rests, [50, 100, 200, 400, 800, 1600])
    assert.equal(inits.add(KILLED), true)
    inits.clear()
    assert.equal(inits.restMs(), 0)
  })

  for (const [how, failpoint] of [
    ['refused by the system', 'spawn:error@0.5'],
    ['killed while they load', 'init:kill@0.5'],
  ] as const) {
    test(`${how} are nothing that a caller hears of`, async (t) => {
      // With this seed the first two fail.
      armFailpoints(failpoint, { SPILLWAY_FAIL_SEED: '7' })
      t.after(() => armFailpoints(''))
      const rig = openRig(t)
      const outcome = await rig.invoke({ id: 'x' })
      assert.equal(typeof resultOf(outcome), 'number')
      assert.ok(rig.events.some(({ kind }) => kind === 'log') || rig.count('failed_init') > 1)
    })
  }

  test('are made up for where environments are kept warm', async (t) => {
    armFailpoints('spawn:error@0.5', { SPILLWAY_FAIL_SEED: '7' })
    t.after(() => armFailpoints(''))
    const rig = openRig(t)
    rig.fleet.get('effect')?.pool.keepWarm(2)

    await until('two environments', () => rig.fleet.get('effect')?.pool.counts().idle === 2)
  })
})
