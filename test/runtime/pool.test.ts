import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Outcome } from '../../src/invoke/invocation.ts'
import { virtualClock, type VirtualClock } from '../../src/lib/clock.ts'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { createMachine, type Machine } from '../../src/runtime/machine.ts'
import { createPool } from '../../src/runtime/pool.ts'
import { appOf } from '../aws/serve.ts'
import { stateOf } from '../support/environments.ts'
import { writeFiles } from '../support/service.ts'
import { until } from '../support/until.ts'
import { begun, EFFECTS, openRig, release, resultOf, type Rig } from './rig.ts'

/** Who waits this long while the others are busy is worth a start: here one takes no time. */
const RECONSIDER_MS = 20
const IDLE_TIMEOUT_MS = 600_000
const INIT_TIMEOUT_MS = 10_000
const FIRST_PROBE_MS = 1000

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, n) => String(n))
}

/** Starts this many environments and leaves them idle; their processes, longest idle first. */
async function startIdle(rig: Rig, clock: VirtualClock, count: number): Promise<number[]> {
  const ended: Promise<unknown>[] = []
  for (const id of ids(count)) {
    ended.push(rig.invoke({ id, hold: `go-${id}` }))
    if (id !== '0') clock.advance(RECONSIDER_MS)
    await begun(rig, id)
  }
  const pids: unknown[] = []
  for (const id of ids(count)) {
    release(rig, `go-${id}`)
    pids.push(resultOf((await ended[Number(id)]) as Outcome))
  }
  return pids as number[]
}

/** Has the function run with other variables from now on, as a reload would. */
function renew(rig: Rig, more: Partial<FunctionDefinition>): void {
  const functions = rig.app.functions.map((fn) => ({ ...fn, ...more }))
  rig.fleet.configure({ ...rig.app, functions }, { region: '', mode: 'start', path: '' })
}

function starting(rig: Rig): number | undefined {
  return rig.fleet.get('effect')?.pool.counts().starting
}

async function isGone(pid: number): Promise<void> {
  await until(`the end of ${pid}`, () => stateOf(pid) === undefined)
}

describe('A pool', () => {
  test('starts no more environments for many brief invocations than twice the cores', async (t) => {
    const rig = openRig(t)
    const outcomes = await Promise.all(ids(40).map((id) => rig.invoke({ id })))
    assert.ok(outcomes.every(({ status }) => status === 'ok'))
    const started = rig.count('ready')
    assert.ok(started >= 1 && started <= 2 * availableParallelism(), `${started} started`)
  })

  test('starts as many as there are invocations that wait for one another', async (t) => {
    const rig = openRig(t)
    const count = 2 * availableParallelism() + 2
    const outcomes = ids(count).map((id) => rig.invoke({ id, hold: 'all' }))
    // One after another, none would ever end.
    await begun(rig, ...ids(count))
    release(rig, 'all')
    const pids = (await Promise.all(outcomes)).map(resultOf)
    assert.equal(new Set(pids).size, count)
  })

  test('takes the environment that was used last, and ends those that nobody needs', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock })
    const [, , last, ...more] = await startIdle(rig, clock, 3)
    assert.deepEqual(more, [])
    clock.advance(IDLE_TIMEOUT_MS / 2)
    for (const id of ids(5)) assert.equal(resultOf(await rig.invoke({ id })), last)

    clock.advance(IDLE_TIMEOUT_MS / 2)
    await until('the end of two', () => rig.count('idle') === 2)
    assert.deepEqual(rig.pids(), [last])
    clock.advance(IDLE_TIMEOUT_MS / 2)
    await until('the end of the last', () => rig.count('idle') === 3)
    assert.equal(rig.snapshot().slots, 0)
    assert.equal(rig.count('died'), 0)
  })

  test('replaces an environment that ends while it is idle, unseen', async (t) => {
    const rig = openRig(t)
    for (const id of ids(3)) {
      const outcome = await rig.invoke({ id })
      assert.equal(outcome.attempts, 1)
      const pid = resultOf(outcome) as number
      process.kill(pid, 'SIGKILL')
      await until('its end', () => rig.count('died') === Number(id) + 1)
    }
    assert.equal(rig.snapshot().slots, 0)
  })

  test('lets what runs finish when it is renewed, and has the rest done by new environments', async (t) => {
    const rig = openRig(t, {
      files: { 'index.js': EFFECTS.replace('return process.pid', 'return process.env.VERSION') },
    })
    const { environment } = rig.app.functions[0] as FunctionDefinition
    renew(rig, { environment: { ...environment, VERSION: 'old' } })
    const held = rig.invoke({ id: 'held', hold: 'go' })
    await begun(rig, 'held')
    const [old] = rig.pids()

    renew(rig, { environment: { ...environment, VERSION: 'new' } })
    assert.equal(resultOf(await rig.invoke({ id: 'next' })), 'new')
    release(rig, 'go')
    assert.equal(resultOf(await held), 'old')
    await isGone(old ?? 0)
    assert.equal(resultOf(await rig.invoke({ id: 'last' })), 'new')
    assert.deepEqual([rig.count('retired'), rig.count('died')], [1, 0])
  })

  test('closes once every process is gone: the idle and the starting now, the busy when they are done', async (t) => {
    const rig = openRig(t, { functions: [{ name: 'effect' }, { name: 'starting' }] })
    const busy = rig.invoke({ id: 'busy', hold: 'go' })
    await begun(rig, 'busy')
    const [busyPid] = rig.pids()
    const idlePid = resultOf(await rig.invoke({ id: 'idle' }))
    void rig.invoke({ id: 'never' }, { functionName: 'starting' })
    const pids = rig.pids()
    assert.equal(pids.length, 3)

    let isClosed = false
    const closed = rig.fleet.close().then(() => (isClosed = true))
    await Promise.all(pids.filter((pid) => pid !== busyPid).map(isGone))
    await turn()
    assert.equal(isClosed, false)
    release(rig, 'go')
    assert.equal(resultOf(await busy), busyPid)
    await closed
    assert.deepEqual(
      [...pids, idlePid as number].map(stateOf),
      [...pids, idlePid].map(() => undefined),
    )
    assert.equal(rig.fleet.machine.environments, 0)
  })
})

describe('A rate of starts', () => {
  /** A pool that somebody waits at, with leave for this many starts. */
  function openPool(machine: Machine, starts: number) {
    const left = { starts }
    const pool = createPool({
      fn: appOf([{ name: 'effect' }]).functions[0] as FunctionDefinition,
      clock: virtualClock(),
      machine,
      spares: { take: () => undefined, want() {} },
      command: () => assert.fail('nothing can be started'),
      publishSlots() {},
      wanted: () => ({ count: 3, waiting: 3, oldestMs: 0 }),
      mayStart: () => left.starts-- > 0,
      onEvent() {},
    })
    return { pool, left }
  }

  test('is not used up by starts that the machine has no place for', async () => {
    const machine = createMachine({ environmentsMax: 1 }, () => [])
    const { pool, left } = openPool(machine, 1)
    machine.claimStart(pool)
    pool.reconsider()
    assert.equal(left.starts, 1)
    await pool.close()
  })

  test('takes no place of the machine for the starts it does not allow', async () => {
    const machine = createMachine({ environmentsMax: 1 }, () => [])
    const { pool, left } = openPool(machine, 0)
    const { pool: other } = openPool(machine, 0)
    for (const each of [pool, other]) each.reconsider()
    assert.equal(machine.environments, 0)
    assert.equal(left.starts, -1, 'asked once, and again when something changes')
    assert.equal(machine.claimStart(other), true)
    machine.release()
    await Promise.all([pool.close(), other.close()])
  })
})

describe('A function that cannot be loaded', () => {
  test('answers its init error at once after two tries, and works again once it is mended', async (t) => {
    const clock = virtualClock()
    const broken = { 'index.js': `throw new RangeError('broken')` }
    const rig = openRig(t, { clock, files: broken })
    assertBroken(await rig.invoke({}))
    assert.equal(rig.count('failed_init'), 2)

    for (const each of await Promise.all(ids(5).map(() => rig.invoke({})))) assertBroken(each)
    writeFiles(rig.folder, { 'index.js': EFFECTS })
    clock.advance(FIRST_PROBE_MS - 1)
    assertBroken(await rig.invoke({}))
    assert.deepEqual(rig.pids(), [], 'nothing was tried')

    clock.advance(1)
    assertBroken(await rig.invoke({}))
    await until('the probe', () => rig.count('ready') === 1)
    assert.equal((await rig.invoke({ id: 'mended' })).status, 'ok')
    assert.equal(rig.count('failed_init'), 2)

    function assertBroken(outcome: Outcome): void {
      assert.ok(outcome.status === 'function_error')
      const { errorType, errorMessage } = outcome.error
      assert.deepEqual([errorType, errorMessage], ['RangeError', 'broken'])
      assert.equal(outcome.handlerStarted, false)
    }
  })

  test('is no more broken for all those who came at once', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock, files: { 'index.js': 'process.exit(3)' } })
    await Promise.all(ids(20).map(() => rig.invoke({})))
    // Not merely its processes: an end is counted a moment after the process is gone.
    await until('the end of what was started', () => starting(rig) === 0)
    const started = rig.count('failed_init')
    assert.ok(started <= 2 * availableParallelism() + 1, `${started} started`)
    clock.advance(FIRST_PROBE_MS)
    await rig.invoke({})
    await until('the probe', () => rig.count('failed_init') === started + 1)
  })

  test('is probed less and less often', async (t) => {
    const clock = virtualClock()
    const rig = openRig(t, { clock, files: { 'index.js': 'process.exit(3)' } })
    await rig.invoke({})
    for (const [nth, backoffMs] of [1000, 2000, 4000].entries()) {
      clock.advance(backoffMs - 1)
      await rig.invoke({})
      assert.deepEqual(rig.pids(), [], `no probe before ${backoffMs} ms`)
      clock.advance(1)
      const outcome = await rig.invoke({})
      assert.ok(outcome.status === 'function_error')
      assert.equal(outcome.error.errorType, 'Runtime.ExitError')
      await until('the probe', () => rig.count('failed_init') === 3 + nth)
    }
  })

  test('is tried anew at once when it is renewed', async (t) => {
    const rig = openRig(t, { clock: virtualClock(), files: { 'index.js': 'nonsense(' } })
    const outcome = await rig.invoke({})
    assert.ok(outcome.status === 'function_error')
    assert.equal(outcome.error.errorType, 'Runtime.UserCodeSyntaxError')
    writeFiles(rig.folder, { 'index.js': EFFECTS })
    renew(rig, {})
    assert.equal((await rig.invoke({ id: 'mended' })).status, 'ok')
  })

  test('is ended after ten seconds of init, and told as a timeout', async (t) => {
    const clock = virtualClock()
    const hang = `
      require('node:fs').appendFileSync(process.env.FOLDER + '/effects', 'init 0 ' + process.pid + '\\n')
      for (;;);
    `
    const rig = openRig(t, { clock, files: { 'index.js': hang } })
    const answer = rig.invoke({})
    for (const tries of [1, 2]) {
      await until('an init that hangs', () => rig.effects().length === tries)
      clock.advance(INIT_TIMEOUT_MS - 1)
      assert.equal(rig.pids().length, 1)
      clock.advance(1)
      await until('its end', () => rig.count('failed_init') === tries)
    }
    const outcome = await answer
    assert.ok(outcome.status === 'function_error')
    assert.match(outcome.error.errorMessage, / Error: Task timed out after 10\.00 seconds$/)
    assert.equal(outcome.handlerStarted, false)
  })
})
