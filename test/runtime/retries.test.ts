import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../src/invoke/invocation.ts'
import { virtualClock } from '../../src/lib/clock.ts'
import { until } from '../support/until.ts'
import { openRig, type Rig } from './rig.ts'

/** As `budget.ts` has it, where little comes. */
const RETRIES_A_SECOND = 10

/** Hands an invocation to the only environment, which dies without having begun it. */
async function interrupted(rig: Rig, id: string): Promise<Outcome> {
  const [pid] = rig.pids()
  assert.ok(pid !== undefined)
  process.kill(pid, 'SIGSTOP')
  const outcome = rig.invoke({ id })
  process.kill(pid, 'SIGKILL')
  return await outcome
}

test('what more environments lose than may be repeated in a second waits for the next one', async (t) => {
  const clock = virtualClock()
  const rig = openRig(t, { clock })
  await rig.invoke({ id: 'first' })
  for (let n = 0; n < RETRIES_A_SECOND; n++) {
    assert.equal((await interrupted(rig, String(n))).status, 'ok')
  }
  let ended = false
  const late = interrupted(rig, 'late').finally(() => (ended = true))
  await until('the end of the environment', () => rig.pids().length === 0)
  await until('its count', () => rig.count('died') === RETRIES_A_SECOND + 1)
  assert.equal(ended, false)
  clock.advance(1000)
  assert.equal((await late).status, 'ok')
  assert.deepEqual(
    rig
      .effects()
      .filter(([, id]) => id === 'late')
      .map(([what]) => what),
    ['start', 'end'],
  )
})
