import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { virtualClock } from '../../src/lib/clock.ts'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { stateOf } from '../support/environments.ts'
import { until } from '../support/until.ts'
import { openPythonRig, PYTHON_EFFECTS, PYTHONS } from './pythons.ts'
import { begun, resultOf, warmUp, type Rig, type RigOptions } from './rig.ts'

const BEHIND = Array.from({ length: 15 }, (_, n) => `behind-${n}`)

/** How often each of these began, and that each of those that began ended. */
function runsOf(rig: Rig, ids: readonly string[]): number[] {
  const effects = rig.effects()
  const count = (what: string, id: string): number =>
    effects.filter((each) => each[0] === what && each[1] === id).length
  return ids.map((id) => (count('start', id) === count('end', id) ? count('start', id) : NaN))
}

const once = (ids: readonly string[]): number[] => ids.map(() => 1)

async function onlyPid(rig: Rig): Promise<number> {
  const [pid, ...others] = rig.pids()
  assert.ok(pid !== undefined && others.length === 0)
  return pid
}

for (const python of PYTHONS) {
  const rigOf = (
    t: TestContext,
    given: Partial<FunctionDefinition> & Pick<RigOptions, 'clock'> = {},
  ): Rig => openPythonRig(t, python, PYTHON_EFFECTS, given)

  describe(`Invocations of ${python} that were delivered ahead`, () => {
    test('run elsewhere, once, when the one before them loops for ever', async (t) => {
      const rig = rigOf(t, { timeoutMs: 2000 })
      await warmUp(rig)
      const looper = rig.invoke({ id: 'looper', act: 'loop' })
      const others = BEHIND.map((id) => rig.invoke({ id }))
      assert.equal(rig.snapshot().inUse, 16, 'delivered ahead')
      for (const outcome of await Promise.all(others)) assert.equal(outcome.status, 'ok')
      assert.equal((await looper).status, 'timeout')
      assert.deepEqual(runsOf(rig, BEHIND), once(BEHIND))
    })

    test('run elsewhere, once, the first too, when their environment is killed before it has begun', async (t) => {
      const rig = rigOf(t, { clock: virtualClock() })
      await warmUp(rig)
      const killed = await onlyPid(rig)
      process.kill(killed, 'SIGSTOP')
      await until('a stopped process', () => stateOf(killed) === 'T')
      const all = ['first', ...BEHIND]
      const outcomes = all.map((id) => rig.invoke({ id }))
      assert.equal(rig.snapshot().inUse, 16, 'delivered ahead')
      process.kill(killed, 'SIGKILL')
      for (const outcome of await Promise.all(outcomes)) assert.notEqual(resultOf(outcome), killed)
      assert.deepEqual(runsOf(rig, all), once(all))
      assert.equal((await outcomes[0])?.attempts, 2)
    })

    test('run elsewhere, once, when their environment is killed under the first, which is told', async (t) => {
      const rig = rigOf(t, { clock: virtualClock() })
      await warmUp(rig)
      const killed = await onlyPid(rig)
      const first = rig.invoke({ id: 'first', hold: 'never' })
      const others = BEHIND.map((id) => rig.invoke({ id }))
      await begun(rig, 'first')
      process.kill(killed, 'SIGKILL')
      const outcome = await first
      assert.ok(outcome.status === 'interrupted')
      assert.deepEqual([outcome.handlerStarted, outcome.attempts], [true, 1])
      for (const other of await Promise.all(others)) assert.notEqual(resultOf(other), killed)
      assert.deepEqual(runsOf(rig, BEHIND), once(BEHIND))
      assert.equal(rig.effects().filter(([, id]) => id === 'first').length, 1)
    })

    test('and taken back are refused by the environment, if it goes on after all', async (t) => {
      const clock = virtualClock()
      const rig = rigOf(t, { clock })
      await warmUp(rig)
      const stopped = await onlyPid(rig)
      process.kill(stopped, 'SIGSTOP')
      await until('a stopped process', () => stateOf(stopped) === 'T')
      const first = rig.invoke({ id: 'first' })
      const others = BEHIND.map((id) => rig.invoke({ id }))
      // Seen twice without an end, it is held to drag on.
      clock.advance(25)
      clock.advance(25)
      for (const other of await Promise.all(others)) assert.notEqual(resultOf(other), stopped)
      process.kill(stopped, 'SIGCONT')
      assert.equal((await first).status, 'ok')
      assert.deepEqual(runsOf(rig, ['first', ...BEHIND]), once(['first', ...BEHIND]))
    })

    test('run strictly one at a time', async (t) => {
      const rig = rigOf(t)
      await warmUp(rig)
      const ids = Array.from({ length: 300 }, (_, n) => String(n))
      const outcomes = await Promise.all(ids.map((id) => rig.invoke({ id })))
      for (const outcome of outcomes) assert.equal(outcome.status, 'ok')
      const runs = new Map<number, string>()
      for (const [what, id, pid] of rig.effects()) {
        assert.equal(runs.get(pid), what === 'start' ? undefined : id, `${what} ${id} in ${pid}`)
        if (what === 'start') runs.set(pid, id)
        else runs.delete(pid)
      }
      assert.deepEqual(runsOf(rig, ids), once(ids))
    })
  })

  describe(`A ${python} process`, () => {
    const DEATHS = `
import os, signal, sys, threading
def handler(act, context):
    if act == "thread":
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    elif act == "abort":
        os.abort()
    elif act == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif act == "hard":
        os._exit(7)
    elif act != "pid":
        sys.exit(act)
    return os.getpid()
`
    const ends = [
      [3, 'function_error', /Runtime exited with error: exit status 3$/],
      [null, 'function_error', /Runtime exited without providing a reason$/],
      ['words', 'function_error', /Runtime exited with error: exit status 1$/],
      ['hard', 'function_error', /Runtime exited with error: exit status 7$/],
      ['abort', 'function_error', /Runtime exited with error: signal: aborted$/],
      ['kill', 'interrupted', /Runtime exited with error: signal: killed$/],
    ] as const
    test('that ends under its invocation is told of, and replaced', async (t) => {
      const rig = openPythonRig(t, python, DEATHS)
      for (const [act, status, message] of ends) {
        const before = resultOf(await rig.invoke('pid'))
        const outcome = await rig.invoke(act)
        assert.equal(outcome.status, status, String(act))
        assert.ok('error' in outcome && outcome.handlerStarted)
        assert.equal(outcome.error.errorType, 'Runtime.ExitError')
        assert.match(outcome.error.errorMessage, message)
        assert.notEqual(resultOf(await rig.invoke('pid')), before)
      }
      assert.ok(
        rig.lines.some(({ text }) => text === 'words'),
        'what sys.exit says',
      )
    })

    test('lives on when a thread of it fails, which the log shows', async (t) => {
      const rig = openPythonRig(t, python, DEATHS)
      const pid = resultOf(await rig.invoke('thread'))
      assert.equal(resultOf(await rig.invoke('pid')), pid)
      assert.ok(rig.lines.some(({ text }) => text === 'ZeroDivisionError: division by zero'))
    })

    test('that is over its time is ended, and what it printed by then is in the log', async (t) => {
      const source = 'import time\ndef handler(e, c):\n    print("waits")\n    time.sleep(600)\n'
      const rig = openPythonRig(t, python, source, { timeoutMs: 1000 })
      const outcome = await rig.invoke({})
      assert.ok(outcome.status === 'timeout')
      assert.match(outcome.error.errorMessage, /Task timed out after 1\.00 seconds$/)
      assert.ok(rig.lines.some(({ text }) => text === 'waits'))
      await until('the end of its process', () => rig.pids().length === 0)
    })
  })
}
