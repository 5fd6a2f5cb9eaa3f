import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { realClock, virtualClock } from '../../src/lib/clock.ts'
import { startEnvironment } from '../../src/runtime/environment.ts'
import { FailedInits } from '../../src/runtime/failed-inits.ts'
import { spawnFailure } from '../../src/runtime/not-started.ts'
import type { DeathReason, InitFailure } from '../../src/runtime/work.ts'

const UNBOUND = { memoryMb: 512, reservedMb: 576, ownUser: false, ownTmp: false, opt: [] }
const EXIT: DeathReason = { code: 1, signal: null, outOfMemory: false, brokeProtocol: false }
const KILLED: DeathReason = { ...EXIT, code: null, signal: 'SIGKILL' }
const EXITED: InitFailure = { timedOut: false, reason: EXIT }

/** Why an environment that is started so never becomes ready. */
async function failureOf(command: string, args: string[]): Promise<InitFailure | undefined> {
  const { promise, resolve } = Promise.withResolvers<InitFailure | undefined>()
  startEnvironment({
    command: { channel: 'lean', command, args, cwd: '/', env: {}, bounds: UNBOUND },
    timeoutMs: 1000,
    initTimeoutMs: 60_000,
    concurrency: 1,
    clock: realClock,
    events: {
      onReady() {},
      onRoom() {},
      onLeaving() {},
      onReturned() {},
      onLog() {},
      onLateResult() {},
      onGone: (_, failure) => resolve(failure),
    },
  })
  return await promise
}

describe('An environment that never was', () => {
  test('is the machine’s fault where there is no process', async () => {
    await assert.rejects(failureOf('/no/such/node', []), /^Error: there is no \/no\/such\/node$/)
    assert.deepEqual(spawnFailure('there is no /no/such/node'), {
      why: 'spawn',
      message: 'no process could be started: there is no /no/such/node',
      passing: false,
    })
  })

  test('is ours where what starts functions is missing', async () => {
    const failure = await failureOf(process.execPath, ['/no/such/bootstrap.js'])
    assert.deepEqual(failure?.notStarted, {
      why: 'bootstrap',
      message: 'what starts the function is missing: /no/such/bootstrap.js',
      passing: false,
    })
  })

  test('is the function’s where its process just ends', async () => {
    const failure = await failureOf(process.execPath, ['-e', 'process.exit(7)'])
    assert.equal(failure?.notStarted, undefined)
    assert.equal(failure?.reason.code, 7)
  })
})

describe('Failed inits in a row', () => {
  test('are told after the second, and probed after a while', () => {
    const clock = virtualClock()
    const failed = new FailedInits(clock)
    assert.deepEqual([failed.add(EXITED), failed.failing], [false, undefined])
    assert.equal(failed.add(EXITED), true)
    assert.equal(failed.failing?.probeAtMs, 1000)
    // Started together with the others.
    assert.equal(failed.add(EXITED), false)
    clock.advance(1000)
    assert.equal(failed.add(EXITED), true)
    assert.equal(failed.failing.probeAtMs, 3000)
    failed.clear()
    assert.equal(failed.add(EXITED), false)
  })

  test('are told where somebody kills them for ten seconds, and not sooner', () => {
    const clock = virtualClock()
    const failed = new FailedInits(clock)
    const killed = { timedOut: false, reason: KILLED }
    assert.deepEqual([failed.add(killed), failed.mustRest], [false, false])
    for (const restMs of [50, 100, 200, 400, 800, 1600, 2000, 2000, 2000]) {
      assert.equal(failed.add(killed), false)
      assert.equal(failed.mustRest, true)
      clock.advance(restMs)
      assert.equal(failed.mustRest, false, `${restMs} ms`)
    }
    clock.advance(1000)
    assert.equal(failed.add(killed), true)
    failed.clear()
    assert.equal(failed.add(killed), false)
    assert.equal(failed.mustRest, false)
  })

  test('are not taken for kills because some of them were', () => {
    const clock = virtualClock()
    const failed = new FailedInits(clock)
    const killed = { timedOut: false, reason: KILLED }
    assert.equal(failed.add(killed), false)
    assert.equal(failed.add(EXITED), false)
    clock.advance(20_000)
    assert.equal(failed.add(killed), false)
  })

  test('are the function’s where they took too long or too much', () => {
    for (const failure of [
      { timedOut: true, reason: KILLED },
      { timedOut: false, reason: { ...KILLED, outOfMemory: true } },
      { timedOut: false, reason: KILLED, error: Buffer.from('{}') },
    ]) {
      const failed = new FailedInits(virtualClock())
      assert.deepEqual(
        [1, 2].map(() => failed.add(failure)),
        [false, true],
      )
    }
  })

  for (const code of ['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']) {
    test(`are never told while the machine is only short of something (${code})`, () => {
      const clock = virtualClock()
      const failed = new FailedInits(clock)
      const failure = { ...EXITED, notStarted: spawnFailure(`spawn node ${code}`) }
      for (const restMs of [50, 100, 200, 400, 800, 1600, 2000, 2000]) {
        assert.equal(failed.add(failure), false)
        clock.advance(restMs - 1)
        assert.equal(failed.mustRest, true, `${restMs} ms`)
        clock.advance(1)
        assert.equal(failed.mustRest, false)
      }
      failed.clear()
      failed.add(failure)
      clock.advance(50)
      assert.equal(failed.mustRest, false)
    })
  }
})
