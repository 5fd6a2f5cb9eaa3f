import assert from 'node:assert/strict'
import { chmodSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { virtualClock } from '../../src/lib/clock.ts'
import { bootstrapFolder, EFFECT_HANDLER, nodeBootstrap } from '../support/bootstraps.ts'
import { stateOf } from '../support/environments.ts'
import { makeFolder, writeFiles } from '../support/service.ts'
import { until } from '../support/until.ts'
import { resultOf, type Rig } from './rig.ts'
import {
  BASE,
  invokeRelayed,
  NEXT,
  openProvidedRig,
  portOf,
  response,
  take,
} from './runtime-api-rig.ts'

const BIG = 'x'.repeat(1_000_000)

/** `start <id>` and `end <id>`, without the process. */
function effectsOf(folder: string): string[] {
  const lines = readFileSync(join(folder, 'effects'), 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => line.split(' ').slice(0, 2).join(' '))
}

async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until('a stopped process', () => stateOf(pid) === 'T')
}

async function warmed(t: Parameters<typeof openProvidedRig>[0]): Promise<{
  rig: Rig
  folder: string
  pid: number
}> {
  const folder = bootstrapFolder(nodeBootstrap(EFFECT_HANDLER))
  const rig = openProvidedRig(t, folder)
  const pid = resultOf(await rig.invoke({ id: 'first' })) as number
  await until('the next poll', () => rig.fleet.get('effect')?.pool.counts().idle === 1)
  return { rig, folder, pid }
}

describe('An environment that is killed', () => {
  for (const [size, text] of [
    ['small', ''],
    ['large', BIG],
  ] as const) {
    test(`with a ${size} event unread, has not begun it: it runs elsewhere, once`, async (t) => {
      const { rig, folder, pid } = await warmed(t)
      await stop(pid)
      const outcome = rig.invoke({ id: 'second', text })
      process.kill(pid, 'SIGKILL')
      const { attempts, handlerStarted, ...ended } = await outcome
      assert.deepEqual([ended.status, attempts, handlerStarted], ['ok', 2, true])
      assert.deepEqual(effectsOf(folder).slice(2), ['start second', 'end second'])
    })
  }

  test('before it knew of the invocation, has not begun it', async (t) => {
    const { rig, folder, pid } = await warmed(t)
    process.kill(pid, 'SIGKILL')
    const { status, handlerStarted } = await rig.invoke({ id: 'second' })
    assert.deepEqual([status, handlerStarted], ['ok', true])
    assert.deepEqual(effectsOf(folder).slice(2), ['start second', 'end second'])
  })

  test('once it has read the event, may have begun: the caller is told, and nobody else runs it', async (t) => {
    const { rig, folder, pid } = await warmed(t)
    const outcome = rig.invoke({ id: 'second', hold: 'never', text: BIG })
    await until('the effect', () => effectsOf(folder).includes('start second'))
    process.kill(pid, 'SIGKILL')
    const ended = await outcome
    assert.deepEqual([ended.status, ended.handlerStarted, ended.attempts], ['interrupted', true, 1])
    assert.deepEqual(effectsOf(folder).slice(2), ['start second'])
  })

  test('frozen before it could read, is ended, and the invocation runs elsewhere, once', async (t) => {
    const { rig, folder, pid } = await warmed(t)
    await stop(pid)
    const ended = await rig.invoke({ id: 'second', text: BIG })
    assert.deepEqual([ended.status, ended.attempts], ['ok', 2])
    assert.equal(stateOf(pid), undefined)
    assert.deepEqual(effectsOf(folder).slice(2), ['start second', 'end second'])
  })

  test('frozen after it has read, is waited for', async (t) => {
    const { rig, folder, pid } = await warmed(t)
    const outcome = rig.invoke({ id: 'second', hold: 'go' })
    await until('the effect', () => effectsOf(folder).includes('start second'))
    await stop(pid)
    // Four deadlines of those that have not read.
    await new Promise((resolve) => setTimeout(resolve, 400))
    process.kill(pid, 'SIGCONT')
    writeFiles(folder, { go: '' })
    assert.equal(resultOf(await outcome), pid)
  })
})

describe('A runtime that ends by itself', () => {
  test('after each answer, serves one invocation with each process', async (t) => {
    const handler =
      '(event, id, api) => { const after = process.pid; setTimeout(() => process.exit(0), 30); return after }'
    const rig = openProvidedRig(t, bootstrapFolder(nodeBootstrap(handler)))
    const pids = new Set<unknown>()
    for (let n = 0; n < 3; n++) {
      const { handlerStarted, ...outcome } = await rig.invoke({})
      assert.equal(handlerStarted, true)
      pids.add(resultOf({ ...outcome, handlerStarted }))
      await until('its end', () => rig.pids().length === 0)
    }
    assert.equal(pids.size, 3)
  })

  test('without an answer, is an exit that the caller reads about', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    await take(relay)
    await relay.exit(3)
    const ended = await outcome
    assert.ok(ended.status === 'function_error')
    assert.equal(ended.error.errorType, 'Runtime.ExitError')
    assert.match(ended.error.errorMessage, /Runtime exited with error: exit status 3$/)
  })

  test('with an error of its start, has that told', async (t) => {
    const start = `api('POST', '/init/error', JSON.stringify({ errorType: 'NoKey', errorMessage: 'no key' }))`
    const folder = bootstrapFolder(nodeBootstrap('() => 1', `if (true) { void ${start} } else`))
    const outcome = await openProvidedRig(t, folder).invoke({})
    assert.ok(outcome.status === 'function_error')
    assert.deepEqual([outcome.error.errorType, outcome.handlerStarted], ['NoKey', false])
  })

  test('that never asks for an invocation is ended after ten seconds', async (t) => {
    const clock = virtualClock()
    const folder = bootstrapFolder('#!/bin/sh\nexec sleep 600\n')
    const rig = openProvidedRig(t, folder, { clock })
    const outcome = rig.invoke({})
    const seen: number[] = []
    for (let n = 0; n < 2; n++) {
      const pid = await until('a process', () => rig.pids().find((each) => !seen.includes(each)))
      seen.push(pid)
      clock.advance(10_000)
      await until('its end', () => stateOf(pid) === undefined)
    }
    const ended = await outcome
    assert.ok('error' in ended)
    assert.equal(ended.error.errorType, 'Sandbox.Timedout')
    assert.equal(ended.handlerStarted, false)
  })
})

describe('A function without a program that can be started', () => {
  const invalid = async (
    t: Parameters<typeof openProvidedRig>[0],
    folder: string,
  ): Promise<string> => {
    const outcome = await openProvidedRig(t, folder).invoke({})
    assert.ok(outcome.status === 'function_error')
    assert.equal(outcome.error.errorType, 'Runtime.InvalidEntrypoint')
    return outcome.error.errorMessage.replace(/^RequestId: [\w-]{36} /, '')
  }

  test('has no bootstrap', async (t) => {
    assert.equal(
      await invalid(t, makeFolder()),
      "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
    )
  })

  test('has one that may not be run', async (t) => {
    const folder = bootstrapFolder('#!/bin/sh\n')
    chmodSync(join(folder, 'bootstrap'), 0o644)
    assert.equal(
      await invalid(t, folder),
      'Error: fork/exec /var/task/bootstrap: permission denied',
    )
  })

  test('has one whose first line names nothing that is here', async (t) => {
    const folder = bootstrapFolder('#!/no/such/interpreter\n')
    const message = 'Error: fork/exec /var/task/bootstrap: no such file or directory'
    assert.equal(await invalid(t, folder), message)
  })

  for (const [what, text] of [
    ['no program', 'echo hello\n'],
    ['one for another machine', `\u007FELF${'\u0002\u0001\u0001'.padEnd(14, '\0')}\u0008\0`],
  ] as const) {
    test(`has ${what}`, async (t) => {
      const message = 'Error: fork/exec /var/task/bootstrap: exec format error'
      assert.equal(await invalid(t, bootstrapFolder(text)), message)
    })
  }
})

describe('Several invocations in one environment', () => {
  test('are answered in any order, each over a poll of its own', async (t) => {
    const { rig, relay, outcome } = await invokeRelayed(t, { n: 1 }, { environmentConcurrency: 3 })
    const polls = [1, 2, 3].map(() => relay.call(NEXT))
    const [first, ...others] = [outcome, rig.invoke({ n: 2 }), rig.invoke({ n: 3 })]
    const taken = await Promise.all(polls)
    const tooMany = await relay.call(NEXT)
    assert.equal(tooMany.status, 403)
    for (const { body, headers } of taken.toReversed()) {
      const id = headers.find(([name]) => name === 'Lambda-Runtime-Aws-Request-Id')?.[1] ?? ''
      await relay.call({ ...response(id), body })
    }
    assert.deepEqual(resultOf(await first), { n: 1 })
    assert.deepEqual((await Promise.all(others)).map(resultOf), [{ n: 2 }, { n: 3 }])
    assert.equal(rig.count('ready'), 1)
  })
})

describe('A process that is not of the environment', () => {
  test('gets nothing from its Runtime API, and does nothing to it', async (t) => {
    const { rig, relay, pid, outcome } = await invokeRelayed(t)
    const id = await take(relay)
    const port = portOf(pid)
    const strange = async (text: string): Promise<string> => {
      const socket = connect(port, '127.0.0.1')
      let answer = ''
      socket.on('data', (data) => (answer += String(data))).on('error', () => {})
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.on('close', () => resolve())
      socket.end(text)
      await promise
      return answer
    }
    const post = (path: string): string =>
      `POST ${BASE}${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"bad"`
    const answers = await Promise.all([
      strange(`GET ${NEXT.target} HTTP/1.1\r\nHost: a\r\n\r\n`),
      strange(post(`/invocation/${id}/response`)),
      strange(post(`/invocation/${id}/error`)),
      strange(post('/init/error')),
    ])
    assert.deepEqual(answers, ['', '', '', ''])
    assert.equal((await relay.call({ ...response(id), body: '"good"' })).status, 202)
    assert.equal(resultOf(await outcome), 'good')
    const said = rig.events.filter((event) => event.kind === 'log').map(({ text }) => text)
    assert.equal(said.filter((text) => /turned away a process that is not/.test(text)).length, 1)
  })

  test('of another function neither', async (t) => {
    const { relay, pid, outcome } = await invokeRelayed(t)
    const id = await take(relay)
    const snoop = `(event) => new Promise((done) => {
      let answer = ''
      const socket = require('node:net').connect(event.port, '127.0.0.1', () => socket.write(event.text))
      socket.on('data', (data) => (answer += data)).on('error', () => {}).on('close', () => done(answer))
    })`
    const other = openProvidedRig(t, bootstrapFolder(nodeBootstrap(snoop)))
    const text = `POST ${BASE}/invocation/${id}/response HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1`
    assert.equal(resultOf(await other.invoke({ port: portOf(pid), text })), '')
    await relay.call({ ...response(id), body: '"good"' })
    assert.equal(resultOf(await outcome), 'good')
  })
})
