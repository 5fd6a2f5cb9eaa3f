import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import type { Outcome } from '../../src/invoke/invocation.ts'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { spanOf } from '../../src/runtime/trace.ts'
import { until } from '../support/until.ts'
import { begun, openRig, release, resultOf, type Rig } from './rig.ts'

const MANY = 64

/** A rig whose environments run 64 at once; the handler is `async (event, context) => { body }`. */
function openMany(t: TestContext, body: string, given: Partial<FunctionDefinition> = {}): Rig {
  const files = {
    'index.js': `
const { appendFileSync, existsSync } = require('node:fs')
const { setTimeout: after } = require('node:timers/promises')
const at = (name) => process.env.FOLDER + '/' + name
const say = (what, id) => appendFileSync(at('effects'), what + ' ' + id + ' ' + process.pid + '\\n')
const held = async (name) => { while (!existsSync(at(name))) await after(5) }
${body}`,
  }
  const rig = openRig(t, { files, functions: [{ name: 'effect' }] })
  const [fn] = rig.app.functions
  assert.ok(fn !== undefined)
  const environment = { ...fn.environment, AWS_LAMBDA_MAX_CONCURRENCY: String(MANY) }
  const many = { ...fn, environmentConcurrency: MANY, environment, ...given }
  const around = { region: 'us-east-1', mode: 'start', path: process.env['PATH'] ?? '' } as const
  rig.fleet.configure({ ...rig.app, functions: [many] }, around)
  return rig
}

/** The event and a little time: then one process is ready, and further calls go there. */
async function warm(rig: Rig): Promise<number> {
  await rig.invoke({ id: 'warm', act: 'warm', waits: [] })
  const [pid, ...others] = rig.pids()
  assert.ok(pid !== undefined && others.length === 0)
  return pid
}

function ids(count: number, name = 'n'): string[] {
  return Array.from({ length: count }, (_, n) => `${name}-${n}`)
}

const ACTS = `
exports.handler = async ({ id, act }) => {
  if (act === 'warm') return process.pid
  say('start', id)
  if (act === 'throw') { setTimeout(() => { throw new Error('late of ' + id) }); await held('never') }
  if (act === 'reject') { Promise.reject(new Error('stray of ' + id)); await held('never') }
  if (act === 'throw later') { held('later').then(() => { throw new Error('later of ' + id) }); return id }
  if (act === 'exit') process.exit(7)
  if (act === 'loop') { while (!existsSync(at('go'))); say('end', id); return process.pid }
  await held('go')
  say('end', id)
  return process.pid
}`

function errorOf(outcome: Outcome): string {
  return 'error' in outcome ? `${outcome.error.errorType}: ${outcome.error.errorMessage}` : ''
}

describe('Invocations at once in one environment', () => {
  test('all run in one process, and none waits for another', async (t) => {
    const rig = openMany(t, ACTS)
    const pid = await warm(rig)
    const all = ids(MANY).map((id) => rig.invoke({ id }))
    await begun(rig, ...ids(MANY))
    assert.deepEqual(rig.pids(), [pid])
    release(rig, 'go')
    for (const outcome of await Promise.all(all)) assert.equal(resultOf(outcome), pid)
  })

  test('have their answers before a neighbour ends the process in the same turn', async (t) => {
    const rig = openMany(
      t,
      `exports.handler = async ({ act }) => {
        if (act === 'exit') { for (let i = 0; i < 50; i++) await null; process.exit(7) }
        return process.pid
      }`,
    )
    const pid = await warm(rig)
    const answered = ids(9).map((id) => rig.invoke({ id, act: 'answer' }))
    const ended = rig.invoke({ id: 'x', act: 'exit' })
    for (const outcome of await Promise.all(answered)) assert.equal(resultOf(outcome), pid)
    assert.match(errorOf(await ended), /^Runtime.ExitError/)
  })

  test('have their answers before the next handler computes', async (t) => {
    const rig = openMany(
      t,
      `exports.handler = ({ act }) => {
        while (act === 'loop' && !existsSync(at('go')));
        return process.pid
      }`,
    )
    const pid = await warm(rig)
    const [first, second] = [
      rig.invoke({ id: '1', act: 'now' }),
      rig.invoke({ id: '2', act: 'loop' }),
    ]
    assert.equal(resultOf(await first), pid)
    release(rig, 'go')
    assert.equal(resultOf(await second), pid)
  })

  test('have contexts, logs and traces of their own, however their turns interleave', async (t) => {
    const rig = openMany(
      t,
      `exports.handler = async ({ waits }, context) => {
        const own = []
        const tell = (how) => {
          console.log(how, context.awsRequestId)
          own.push(process.env._X_AMZN_TRACE_ID, { ...process.env }._X_AMZN_TRACE_ID)
        }
        tell('first')
        for (const ms of waits) {
          if (ms === 0) await null
          else if (ms === 1) await new Promise((resolve) => process.nextTick(resolve))
          else await new Promise((resolve) => setTimeout(() => { tell('timer'); resolve() }, ms))
          process.stdout.write('raw ' + context.awsRequestId + '\\n')
          tell('next')
        }
        return [context.awsRequestId, ...new Set(own)]
      }`,
    )
    await warm(rig)
    const waits = fc.array(fc.nat({ max: 12 }), { maxLength: 6, size: 'max' })
    const crowd = fc.array(waits, { minLength: 2, maxLength: MANY, size: 'max' })
    await fc.assert(
      fc.asyncProperty(crowd, async (each) => {
        rig.lines.length = 0
        const outcomes = await Promise.all(each.map((own) => rig.invoke({ waits: own })))
        const known = outcomes.map((outcome) => {
          const [id = '', ...traces] = resultOf(outcome) as string[]
          assert.deepEqual(traces, [
            `Root=1-00000000-000000000000000000000000;Parent=${spanOf(id)};Sampled=0`,
          ])
          return id
        })
        assert.equal(new Set(known).size, each.length)
        const own = rig.lines.filter(({ platform }) => !platform)
        for (const { requestId = '', text } of own) {
          assert.ok(text.endsWith(requestId), `${requestId} has the line ${text}`)
          if (!text.startsWith('raw')) assert.equal(text.split('\t')[1], requestId)
        }
        const timers = each.flat().filter((ms) => ms > 1).length
        assert.equal(own.length, each.length + 2 * each.flat().length + timers)
      }),
      { numRuns: 15 },
    )
  })

  for (const [act, message] of [
    ['throw', 'Error: late of culprit'],
    ['reject', 'Runtime.UnhandledPromiseRejection: Error: stray of culprit'],
  ] as const) {
    test(`lose only the one that did not catch what it did: ${act}`, async (t) => {
      const rig = openMany(t, ACTS)
      const pid = await warm(rig)
      const others = ids(8).map((id) => rig.invoke({ id }))
      await begun(rig, ...ids(8))
      const culprit = await rig.invoke({ id: 'culprit', act })
      assert.equal(errorOf(culprit), message)
      // That environment takes no more: what comes now runs elsewhere.
      const later = rig.invoke({ id: 'later' })
      await begun(rig, 'later')
      release(rig, 'go')
      for (const outcome of await Promise.all(others)) assert.equal(resultOf(outcome), pid)
      assert.notEqual(resultOf(await later), pid)
      await until('the end of the environment', () => !rig.pids().includes(pid))
      const log = rig.lines.filter(({ text }) => text.includes(' of culprit'))
      assert.ok(log.length > 0)
      for (const { requestId, text } of log) assert.equal(text.split('\t')[1], requestId)
    })
  }

  test('log what went wrong in the format of the function, with the id of whose it was', async (t) => {
    const rig = openMany(
      t,
      `exports.handler = async ({ id }) => { throw new RangeError('of ' + id) }`,
      {
        logFormat: 'JSON',
      },
    )
    await Promise.all(ids(5).map((id) => rig.invoke({ id })))
    const own = rig.lines.filter(({ platform }) => !platform)
    assert.equal(own.length, 5)
    for (const { text, requestId } of own) {
      const line = JSON.parse(text) as Record<string, unknown>
      assert.deepEqual(
        [line['level'], line['errorType'], line['requestId']],
        ['ERROR', 'RangeError', requestId],
      )
    }
  })

  test('lose nobody to what one leaves behind that is over', async (t) => {
    const rig = openMany(t, ACTS)
    const pid = await warm(rig)
    assert.equal(resultOf(await rig.invoke({ id: 'over', act: 'throw later' })), 'over')
    const others = ids(8).map((id) => rig.invoke({ id }))
    await begun(rig, ...ids(8))
    release(rig, 'later')
    await until('that it takes no more', async () => {
      const [member] = rig.fleet.members()
      return (
        rig.events.some((event) => event.kind === 'log' && event.text.includes('later of over')) &&
        member
      )
    })
    release(rig, 'go')
    for (const outcome of await Promise.all(others)) assert.equal(resultOf(outcome), pid)
    await until('the end of the environment', () => !rig.pids().includes(pid))
  })

  test('all end when one of them ends the process, as on Lambda', async (t) => {
    const rig = openMany(t, ACTS)
    await warm(rig)
    const others = ids(8).map((id) => rig.invoke({ id }))
    await begun(rig, ...ids(8))
    const all = [rig.invoke({ id: 'culprit', act: 'exit' }), ...others]
    for (const outcome of await Promise.all(all)) {
      assert.match(errorOf(outcome), /^Runtime.ExitError: .*exit status 7$/)
      assert.equal(outcome.handlerStarted, true)
    }
  })

  test('run elsewhere, once, if they have not begun when another one computes for ever', async (t) => {
    const rig = openMany(t, ACTS)
    const pid = await warm(rig)
    const looper = rig.invoke({ id: 'looper', act: 'loop' })
    await begun(rig, 'looper')
    const others = ids(8).map((id) => rig.invoke({ id }))
    await begun(rig, ...ids(8))
    assert.ok(rig.pids().length > 1)
    release(rig, 'go')
    for (const outcome of await Promise.all(others)) assert.notEqual(resultOf(outcome), pid)
    assert.equal(resultOf(await looper), pid)
    for (const id of ids(8)) {
      const own = rig.effects().filter((each) => each[1] === id)
      assert.deepEqual(
        own.map(([what]) => what),
        ['start', 'end'],
        id,
      )
    }
    // Freed, it refuses what it finds in its pipe, and goes on.
    assert.equal((await rig.invoke({ id: 'last' })).status, 'ok')
  })

  test('that nothing can settle any more are told so, each of them', async (t) => {
    const rig = openMany(
      t,
      `exports.handler = async ({ act }) => { if (act !== 'warm') await new Promise(() => {}) }`,
    )
    await warm(rig)
    for (const outcome of await Promise.all(ids(5).map((id) => rig.invoke({ id })))) {
      assert.match(errorOf(outcome), /^Runtime.NodeJsExit: /)
    }
    assert.equal((await rig.invoke({ act: 'warm' })).status, 'ok')
  })

  test('answer with their callback at once: nobody knows whose work fills the loop', async (t) => {
    const rig = openMany(
      t,
      `setInterval(() => {}, 1000)
       exports.handler = (event, context, callback) => { setTimeout(() => callback(null, event.id), 1) }`,
      { runtime: 'nodejs22.x' },
    )
    const outcomes = await Promise.all(ids(5).map((id) => rig.invoke({ id })))
    assert.deepEqual(outcomes.map(resultOf), ids(5))
  })
})
