import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Outcome } from '../../src/invoke/invocation.ts'
import { virtualClock } from '../../src/lib/clock.ts'
import { stateOf } from '../support/environments.ts'
import { until } from '../support/until.ts'
import { begun, openRig, release, resultOf, warmUp, type Rig } from './rig.ts'

/** Two looks at what runs: seen in both, it is held to drag on. */
const LOOK_MS = 25
const BEHIND = Array.from({ length: 15 }, (_, n) => `behind-${n}`)

function look(clock: { advance(ms: number): void }, times = 2): void {
  for (let n = 0; n < times; n++) clock.advance(LOOK_MS)
}

/** How often each of these began, and that each of those that began ended. */
function runsOf(rig: Rig, ids: readonly string[]): number[] {
  const effects = rig.effects()
  const count = (what: string, id: string): number =>
    effects.filter((each) => each[0] === what && each[1] === id).length
  return ids.map((id) => (count('start', id) === count('end', id) ? count('start', id) : NaN))
}

function once(ids: readonly string[]): number[] {
  return ids.map(() => 1)
}

/** All were handed to one environment at once, and nobody waits in the gate. */
function assertDelivered(rig: Rig, count: number): void {
  const { inUse, waiting } = rig.snapshot()
  assert.deepEqual([inUse, waiting.interactive], [count, 0])
  const [member] = rig.fleet.members()
  assert.deepEqual(member?.pool.counts(), { idle: 0, busy: 1, starting: 0 })
}

async function onlyPid(rig: Rig): Promise<number> {
  const [pid, ...others] = rig.pids()
  assert.ok(pid !== undefined && others.length === 0)
  return pid
}

async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until('a stopped process', () => stateOf(pid) === 'T')
}

describe('Brief invocations that were delivered ahead', () => {
  test('run elsewhere, once, when the one before them loops for ever', async (t) => {
    const rig = openRig(t, { functions: [{ name: 'effect', timeoutMs: 2000 }] })
    await warmUp(rig)
    const over: string[] = []
    const invoke = async (id: string, act?: string): Promise<Outcome> => {
      const outcome = await rig.invoke({ id, act })
      over.push(id)
      return outcome
    }
    const looper = invoke('looper', 'loop')
    const others = BEHIND.map((id) => invoke(id))
    assertDelivered(rig, 16)

    for (const outcome of await Promise.all(others)) assert.equal(outcome.status, 'ok')
    const outcome = await looper
    assert.equal(over.at(-1), 'looper')
    assert.ok(outcome.status === 'timeout')
    assert.equal(outcome.error.errorType, 'Sandbox.Timedout')
    assert.match(
      outcome.error.errorMessage,
      /^RequestId: [\w-]{36} Error: Task timed out after 2\.00 seconds$/,
    )
    assert.deepEqual([outcome.handlerStarted, outcome.durationMs], [true, 2000])
    assert.deepEqual(runsOf(rig, BEHIND), once(BEHIND))
  })

  test('stay where they are while what runs has been seen but once', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock })
    await warmUp(rig)
    const pid = await onlyPid(rig)
    const first = rig.invoke({ id: 'first', hold: 'go' })
    const others = BEHIND.map((id) => rig.invoke({ id }))
    await begun(rig, 'first')
    look(clock, 1)
    assertDelivered(rig, 16)
    release(rig, 'go')
    const pids = (await Promise.all([first, ...others])).map(resultOf)
    assert.deepEqual(new Set(pids), new Set([pid]))
  })

  test('run elsewhere, once, when their environment is stopped before the first has begun', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock })
    await warmUp(rig)
    const stopped = await onlyPid(rig)
    await stop(stopped)
    let isFirstOver = false
    const first = rig.invoke({ id: 'first' }).finally(() => (isFirstOver = true))
    const others = BEHIND.map((id) => rig.invoke({ id }))
    assertDelivered(rig, 16)
    look(clock)

    for (const outcome of await Promise.all(others)) {
      assert.notEqual(resultOf(outcome), stopped)
      assert.equal(outcome.attempts, 1)
    }
    assert.equal(isFirstOver, false)
    process.kill(stopped, 'SIGCONT')
    // It was taken back with the others; what lay in the pipe is refused and does not begin.
    assert.equal((await first).status, 'ok')
    assert.deepEqual(runsOf(rig, ['first', ...BEHIND]), once(['first', ...BEHIND]))
    const [member] = rig.fleet.members()
    const { idle, busy } = member?.pool.counts() ?? {}
    assert.deepEqual({ idle, busy }, { idle: rig.count('ready'), busy: 0 })
  })

  test('run elsewhere, once, when their environment is killed under the first', async (t) => {
    const rig = openRig(t, { clock: virtualClock() })
    await warmUp(rig)
    const killed = await onlyPid(rig)
    const first = rig.invoke({ id: 'first', hold: 'never' })
    const others = BEHIND.map((id) => rig.invoke({ id }))
    await begun(rig, 'first')
    assertDelivered(rig, 16)
    process.kill(killed, 'SIGKILL')

    const outcome = await first
    assert.ok(outcome.status === 'interrupted')
    assert.deepEqual([outcome.handlerStarted, outcome.attempts], [true, 1])
    assert.equal(outcome.error.errorType, 'Runtime.ExitError')
    assert.match(
      outcome.error.errorMessage,
      /^RequestId: [\w-]{36} Error: Runtime exited with error: signal: killed$/,
    )
    for (const other of await Promise.all(others)) assert.notEqual(resultOf(other), killed)
    assert.deepEqual(runsOf(rig, BEHIND), once(BEHIND))
    assert.equal(rig.effects().filter(([, id]) => id === 'first').length, 1)
  })

  test('run elsewhere, once, the first too, when their environment is killed before it has begun', async (t) => {
    const rig = openRig(t, { clock: virtualClock() })
    await warmUp(rig)
    const killed = await onlyPid(rig)
    await stop(killed)
    const all = ['first', ...BEHIND]
    const outcomes = all.map((id) => rig.invoke({ id }))
    assertDelivered(rig, 16)
    process.kill(killed, 'SIGKILL')

    for (const outcome of await Promise.all(outcomes)) assert.notEqual(resultOf(outcome), killed)
    assert.deepEqual(runsOf(rig, all), once(all))
    const [first, ...others] = await Promise.all(outcomes)
    assert.equal(first?.attempts, 2)
    assert.ok(others.every(({ attempts }) => attempts === 1))
  })

  test('run strictly one at a time', async (t) => {
    const rig = openRig(t)
    await warmUp(rig)
    const ids = Array.from({ length: 300 }, (_, n) => String(n))
    const outcomes = ids.map((id) => rig.invoke({ id }))
    assert.equal(rig.snapshot().inUse, 16, 'delivered ahead')
    for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.status, 'ok')

    const runs = new Map<number, string>()
    for (const [what, id, pid] of rig.effects()) {
      assert.equal(runs.get(pid), what === 'start' ? undefined : id, `${what} ${id} in ${pid}`)
      if (what === 'start') runs.set(pid, id)
      else runs.delete(pid)
    }
    assert.deepEqual(runsOf(rig, ids), once(ids))
  })
})

describe('An environment', () => {
  test('that says what cannot be read is ended, and nothing it said is believed', async (t) => {
    const rig = openRig(t, {
      files: {
        'index.js': `require('node:fs').writeSync(4, Buffer.alloc(64, 255)); exports.handler = () => 1`,
      },
    })
    const outcome = await rig.invoke({})
    assert.ok(outcome.status === 'function_error')
    assert.equal(outcome.handlerStarted, false)
    const logged = rig.events.find((event) => event.kind === 'log')
    assert.match(logged?.text ?? '', /^spillway: environment ended, a frame of \d+ bytes .*\n$/)
  })

  test('gives its first invocation, and no other, the time of its init', async (t) => {
    const rig = openRig(t)
    const first = await rig.invoke({ id: 'first' })
    const second = await rig.invoke({ id: 'second' })
    assert.ok((first.initMs ?? 0) > 0)
    assert.equal(second.initMs, undefined)
  })

  test('takes no answer to an invocation that has timed out', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock, functions: [{ name: 'effect', timeoutMs: 1000 }] })
    const outcome = rig.invoke({ id: 'slow', hold: 'go' })
    await begun(rig, 'slow')
    const pid = await onlyPid(rig)
    await stop(pid)
    look(clock, 1)
    release(rig, 'go')
    clock.advance(1000)
    assert.equal((await outcome).status, 'timeout')
    const next = await rig.invoke({ id: 'next' })
    assert.notEqual(resultOf(next), pid)
    assert.equal(stateOf(pid), undefined)
  })
})
