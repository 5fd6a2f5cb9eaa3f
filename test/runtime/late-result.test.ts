import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { virtualClock } from '../../src/lib/clock.ts'
import { stateOf } from '../support/environments.ts'
import { until } from '../support/until.ts'
import { openRig } from './rig.ts'

/** Waits without letting anything of ours happen meanwhile, as a busy server would. */
function blockUntil(condition: () => boolean): void {
  const endMs = performance.now() + 60_000
  while (!condition()) assert.ok(performance.now() < endMs, 'blocked a minute in vain')
}

test('an answer that comes after the timeout is dropped and counted', async (t) => {
  const clock = virtualClock()
  const rig = openRig(t, { clock, functions: [{ name: 'effect', timeoutMs: 3000 }] })
  const answer = rig.invoke({ id: 'late', hold: 'go' })
  await until('its start', () => rig.effects().length === 1)
  clock.advance(25) // It is seen to have begun, and its time counts.
  const [pid = 0] = rig.pids()
  const effects = (): string => readFileSync(join(rig.folder, 'effects'), 'utf8')
  writeFileSync(join(rig.folder, 'go'), '')
  blockUntil(() => effects().includes('end late'))
  // Having nothing left to do it has answered.
  let rests = 0
  blockUntil(() => (rests = stateOf(pid) === 'S' ? rests + 1 : 0) > 1000)
  clock.advance(3000)
  assert.equal((await answer).status, 'timeout')
  await until('the late answer', () => rig.events.some(({ kind }) => kind === 'late_result'))
})
