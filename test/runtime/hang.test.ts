import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hangOf, watchStart } from '../../src/runtime/hang-watch.ts'
import type { Work } from '../../src/runtime/work.ts'
import { EFFECTS, begun, openRig, release, resultOf } from './rig.ts'

const WATCH = { stopped: false, asleep: false, cpuMs: 500 }

function watching(bytes = 0): ReturnType<typeof watchStart> {
  const work = { payload: { kind: 'json', json: new Uint8Array(bytes) } } as unknown as Work
  return watchStart({ work, seq: 1, first: false, started: false, dueMs: 0 }, 25, WATCH)
}

describe('An environment that does not begin what it was handed', () => {
  test('frozen, is ended, and the invocation runs once elsewhere', async (t) => {
    const rig = openRig(t)
    const frozen = resultOf(await rig.invoke({ id: 'first' })) as number
    process.kill(frozen, 'SIGSTOP')
    const outcome = await rig.invoke({ id: 'second' })
    assert.notEqual(resultOf(outcome), frozen)
    assert.equal(outcome.attempts, 2)
    const started = rig.effects().filter(([what, id]) => what === 'start' && id === 'second')
    assert.equal(started.length, 1)
  })

  test('busy with what its last handler left behind, is ended too', async (t) => {
    const files = {
      'index.js': `exports.handler = async ({ loop }) => {
        if (loop) setTimeout(() => { for (;;); }, 1)
        return process.pid
      }`,
    }
    const rig = openRig(t, { files })
    const busy = resultOf(await rig.invoke({ loop: true }))
    // Long enough for the timer to be due when the next one comes.
    await new Promise((resolve) => setTimeout(resolve, 20))
    const outcome = await rig.invoke({})
    assert.notEqual(resultOf(outcome), busy)
    assert.equal(outcome.handlerStarted, true)
  })

  test('frozen after its handler began, is waited for', async (t) => {
    const rig = openRig(t, { files: { 'index.js': EFFECTS } })
    const running = rig.invoke({ id: 'slow', hold: 'go' })
    await begun(rig, 'slow')
    const [pid = 0] = rig.pids()
    process.kill(pid, 'SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 400))
    process.kill(pid, 'SIGCONT')
    release(rig, 'go')
    const outcome = await running
    assert.equal(resultOf(outcome), pid)
    assert.equal(outcome.attempts, 1)
  })
})

describe('What counts as a hang', () => {
  test('stopped past the deadline, and not before', () => {
    const stopped = { ...WATCH, stopped: true }
    assert.equal(hangOf(watching(), 99, stopped, false), undefined)
    assert.equal(hangOf(watching(), 100, stopped, false), 'stopped')
    assert.equal(hangOf(watching(), 100, stopped, true), 'stopped')
  })

  test('a machine that gives it no CPU is not its fault', () => {
    assert.equal(hangOf(watching(), 60_000, { ...WATCH, cpuMs: 590 }, false), undefined)
    assert.equal(hangOf(watching(), 60_000, { ...WATCH, cpuMs: 600 }, false), 'busy')
  })

  test('a large payload has longer', () => {
    const late = { ...WATCH, cpuMs: 700 }
    assert.equal(hangOf(watching(6 * 2 ** 20), 600, late, false), undefined)
    assert.equal(hangOf(watching(6 * 2 ** 20), 800, { ...WATCH, cpuMs: 1200 }, false), 'busy')
  })

  test('asleep for a second without a break, with the work before it', () => {
    const asleep = { ...WATCH, asleep: true }
    const watch = watching()
    assert.equal(hangOf(watch, 500, asleep, false), undefined)
    assert.equal(hangOf(watch, 600, WATCH, false), undefined)
    assert.equal(hangOf(watch, 1500, asleep, false), undefined)
    assert.equal(hangOf(watch, 1600, asleep, false), 'asleep')
  })

  test('what is still being handed over is not late, and no process is no proof', () => {
    assert.equal(
      hangOf(watching(), 60_000, { ...WATCH, asleep: true, cpuMs: 900 }, true),
      undefined,
    )
    assert.equal(hangOf(watching(), 60_000, undefined, false), undefined)
  })
})
