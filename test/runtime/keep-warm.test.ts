import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualClock } from '../../src/lib/clock.ts'
import type { Pool } from '../../src/runtime/pool.ts'
import { writeFiles } from '../support/service.ts'
import { until } from '../support/until.ts'
import { begun, EFFECTS, openRig, release, type Rig } from './rig.ts'

const IDLE_TIMEOUT_MS = 600_000
const REST_MS = 1000
const FIRST_PROBE_MS = 1000

function poolOf(rig: Rig, name = 'effect'): Pool {
  const pool = rig.fleet.get(name)?.pool
  assert.ok(pool !== undefined)
  return pool
}

/** Resolves once this many environments are ready, and no more are on their way. */
async function warm(rig: Rig, count: number, name?: string): Promise<void> {
  await until(`${count} warm environments`, () => {
    const { idle, busy, starting } = poolOf(rig, name).counts()
    return idle + busy === count && starting === 0
  })
}

describe('A pool that keeps environments warm', () => {
  test('starts them before anyone asks, and says when they are ready', async (t) => {
    const rig = openRig(t)
    assert.deepEqual(poolOf(rig).warmth(), { ready: 0, failing: false })
    poolOf(rig).keepWarm(3)
    await warm(rig, 3)
    assert.deepEqual(poolOf(rig).warmth(), { ready: 3, failing: false })
    assert.equal((await rig.invoke({ id: '0' })).status, 'ok')
    assert.equal(rig.count('ready'), 3, 'no cold start')
  })

  test('lets none of them expire, until it is to keep fewer', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock })
    poolOf(rig).keepWarm(3)
    await warm(rig, 3)
    clock.advance(3 * IDLE_TIMEOUT_MS)
    assert.equal(rig.pids().length, 3)
    poolOf(rig).keepWarm(1)
    clock.advance(IDLE_TIMEOUT_MS)
    await until('the end of two', () => rig.count('idle') === 2)
    clock.advance(3 * IDLE_TIMEOUT_MS)
    await warm(rig, 1)
  })

  test('has those that demand adds expire', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock })
    poolOf(rig).keepWarm(1)
    await warm(rig, 1)
    const both = ['a', 'b'].map((id) => rig.invoke({ id, hold: 'go' }))
    await begun(rig, 'a')
    clock.advance(REST_MS)
    await begun(rig, 'b')
    release(rig, 'go')
    await Promise.all(both)
    await warm(rig, 2)
    clock.advance(IDLE_TIMEOUT_MS)
    await until('the end of one', () => rig.count('idle') === 1)
    assert.deepEqual(poolOf(rig).warmth(), { ready: 1, failing: false })
  })

  test('replaces the dead after a rest, however many died', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock })
    poolOf(rig).keepWarm(2)
    await warm(rig, 2)
    for (const pid of rig.pids()) process.kill(pid, 'SIGKILL')
    await until('their end', () => rig.count('died') === 2)
    clock.advance(REST_MS - 1)
    assert.deepEqual(rig.pids(), [], 'nothing before the rest is over')
    clock.advance(1)
    await warm(rig, 2)
  })

  test('starts new ones at once when it is renewed', async (t) => {
    const rig = openRig(t, { clock: virtualClock() })
    poolOf(rig).keepWarm(2)
    await warm(rig, 2)
    const old = rig.pids()
    rig.fleet.configure(rig.app, { region: '', mode: 'start', path: process.env['PATH'] ?? '' })
    await until('the end of the old', () => rig.count('retired') === 2)
    await warm(rig, 2)
    assert.ok(rig.pids().every((pid) => !old.includes(pid)))
  })

  test('does not rest after the dead when it is renewed', async (t) => {
    const rig = openRig(t, { clock: virtualClock() })
    poolOf(rig).keepWarm(1)
    await warm(rig, 1)
    for (const pid of rig.pids()) process.kill(pid, 'SIGKILL')
    await until('its end', () => rig.count('died') === 1)
    rig.fleet.configure(rig.app, { region: '', mode: 'start', path: process.env['PATH'] ?? '' })
    await warm(rig, 1)
  })

  test('says that it fails, tries again less and less often, and recovers by itself', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock, files: { 'index.js': 'process.exit(3)' } })
    poolOf(rig).keepWarm(2)
    await until('the failure', () => poolOf(rig).warmth().failing)
    await until('the end of all', () => rig.pids().length === 0)
    const tries = rig.count('failed_init')
    assert.ok(tries <= 3, `${tries} tries`)
    for (const [nth, backoffMs] of [FIRST_PROBE_MS, 2000, 4000].entries()) {
      clock.advance(backoffMs - 1)
      assert.deepEqual(rig.pids(), [], `no try before ${backoffMs} ms`)
      clock.advance(1)
      await until('the next try', () => rig.count('failed_init') === tries + nth + 1)
    }
    writeFiles(rig.folder, { 'index.js': EFFECTS })
    clock.advance(8000)
    await warm(rig, 2)
    assert.deepEqual(poolOf(rig).warmth(), { ready: 2, failing: false })
  })

  test('is tried again when it is to keep some after it has failed', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock, files: { 'index.js': 'process.exit(3)' } })
    await rig.invoke({})
    writeFiles(rig.folder, { 'index.js': EFFECTS })
    poolOf(rig).keepWarm(1)
    clock.advance(FIRST_PROBE_MS)
    await warm(rig, 1)
  })

  test('stops with the pool', async (t) => {
    const rig = openRig(t)
    poolOf(rig).keepWarm(2)
    await warm(rig, 2)
    await rig.fleet.close()
    assert.deepEqual(rig.pids(), [])
    assert.equal(rig.fleet.machine.environments, 0)
  })
})
