import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Outcome, ResponseStream } from '../../src/invoke/invocation.ts'
import { until } from '../support/until.ts'
import { begun, openRig, release, type Rig } from './rig.ts'

const MIB = 1024 * 1024

/** A handler of this body: `out` is its stream, `say(what)` leaves an effect, `held(name)` waits for a release. */
function handler(body: string, options = ''): Record<string, string> {
  return {
    'index.js': `
const { appendFileSync, existsSync } = require('node:fs')
const { once } = require('node:events')
const { setTimeout: after } = require('node:timers/promises')
const at = (name) => process.env.FOLDER + '/' + name
const say = (what, id) => appendFileSync(at('effects'), what + ' ' + id + ' ' + process.pid + '\\n')
const held = async (name) => { while (!existsSync(at(name))) await after(5) }
exports.handler = awslambda.streamifyResponse(async (event, out, context) => { ${body} }${options})
`,
  }
}

/** A caller that takes a stream, as fast as it is told to. */
interface Reader extends ResponseStream {
  readonly types: string[]
  readonly pieces: Buffer[]
  /** Says that it has enough. */
  slow: boolean
  /** Takes more: called once it has said so. */
  resume: (() => void) | undefined
}

function reader(): Reader {
  return {
    types: [],
    pieces: [],
    slow: false,
    resume: undefined,
    start(contentType) {
      this.types.push(contentType)
    },
    write(bytes) {
      this.pieces.push(Buffer.from(bytes))
      return !this.slow
    },
    onDrain(resume) {
      this.resume = resume
    },
  }
}

function textOf({ pieces }: Reader): string {
  return Buffer.concat(pieces).toString()
}

function lengthOf({ pieces }: Reader): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

function errorOf(outcome: Outcome): string {
  return 'error' in outcome ? `${outcome.error.errorType}: ${outcome.error.errorMessage}` : ''
}

async function streamed(
  t: TestContext,
  body: string,
  options = '',
): Promise<{ rig: Rig; outcome: Outcome; to: Reader }> {
  const rig = openRig(t, { files: handler(body, options) })
  const to = reader()
  return { rig, to, outcome: await rig.invoke({ id: 'a' }, { stream: to }) }
}

describe('A streaming handler', () => {
  test('reaches its caller piece by piece, before it is done', async (t) => {
    const rig = openRig(t, {
      files: handler(`out.write('one'); await held('go'); out.write('two'); out.end()`),
    })
    const to = reader()
    let over = false
    const outcome = rig.invoke({}, { stream: to }).finally(() => (over = true))
    await until('the first piece', () => textOf(to) === 'one')
    assert.equal(over, false)
    release(rig, 'go')
    const { status, ...rest } = await outcome
    assert.equal(status, 'ok')
    assert.ok('result' in rest && rest.result.kind === 'streamed')
    assert.deepEqual([to.types, textOf(to)], [['application/octet-stream'], 'onetwo'])
  })

  test('gives a caller that takes no stream all of it as the payload', async (t) => {
    const rig = openRig(t, { files: handler(`out.write('{"a":'); out.end('1}')`) })
    const outcome = await rig.invoke({})
    assert.ok(outcome.status === 'ok' && outcome.result.kind === 'json')
    assert.equal(Buffer.from(outcome.result.json).toString(), '{"a":1}')
  })

  test('may not give such a caller more than a response may have', async (t) => {
    const rig = openRig(t, {
      files: handler(`out.write(Buffer.alloc(event.length)); out.end()`),
    })
    const most = await rig.invoke({ length: 6_291_556 })
    assert.ok(most.status === 'ok' && most.result.kind === 'json')
    assert.equal(most.result.json.length, 6_291_556)
    assert.match(
      errorOf(await rig.invoke({ length: 6_291_557 })),
      /^Function.ResponseSizeTooLarge: .*\(6291556 bytes\)\.$/,
    )
  })

  test('sends objects as JSON, bytes as they are, and the type it has set', async (t) => {
    const { to } = await streamed(
      t,
      `out.setContentType('text/x'); out.write({ a: [1] }); out.write(Buffer.from([255])); out.write('ä', 'latin1'); out.end()`,
    )
    assert.deepEqual(to.types, ['text/x'])
    assert.deepEqual(
      Buffer.concat(to.pieces),
      Buffer.concat([Buffer.from('{"a":[1]}'), Buffer.of(255, 0xe4)]),
    )
  })

  test('begins with the prelude, once, whichever call writes first', async (t) => {
    for (const write of [
      `out.write('x'); out.end()`,
      `out.end('x')`,
      `await pipeline(['x'], out)`,
    ]) {
      const { to } = await streamed(
        t,
        `const { pipeline } = require('node:stream/promises')
         out = awslambda.HttpResponseStream.from(out, { statusCode: 201 }); ${write}`,
      )
      assert.deepEqual(to.types, ['application/vnd.awslambda.http-integration-response'])
      assert.equal(textOf(to), `{"statusCode":201}${'\0'.repeat(8)}x`, write)
    }
  })

  test('that writes nothing has no prelude either', async (t) => {
    const { to, outcome } = await streamed(
      t,
      `awslambda.HttpResponseStream.from(out, { statusCode: 201 }).end()`,
    )
    assert.equal(outcome.status, 'ok')
    assert.deepEqual([to.types.length, lengthOf(to)], [1, 0])
  })

  test('that throws before it has written fails as any other', async (t) => {
    const { to, outcome, rig } = await streamed(t, `throw new TypeError('early')`)
    assert.equal(errorOf(outcome), 'TypeError: early')
    assert.deepEqual(to.types, [])
    assert.match(
      rig.lines.map(({ text }) => text).join('\n'),
      /ERROR\tInvoke Error \t\{"errorType":"TypeError"/,
    )
  })

  test('that throws midway fails with what it has written sent', async (t) => {
    const { to, outcome } = await streamed(t, `out.write('half'); throw new TypeError('late')`)
    assert.equal(errorOf(outcome), 'TypeError: late')
    assert.deepEqual([to.types.length, textOf(to)], [1, 'half'])
  })

  test('that has ended its stream and then throws fails all the same', async (t) => {
    const { to, outcome } = await streamed(
      t,
      `out.end('all'); await after(1); throw new Error('after')`,
    )
    assert.equal(errorOf(outcome), 'Error: after')
    assert.equal(textOf(to), 'all')
  })

  test('fails where it writes after the end or sets the type too late', async (t) => {
    const afterEnd = await streamed(t, `out.end('x'); out.write('y')`)
    assert.match(errorOf(afterEnd.outcome), /write after end/)
    const tooLate = await streamed(t, `out.write('x'); out.setContentType('text/x')`)
    assert.equal(
      errorOf(tooLate.outcome),
      'Runtime.InvalidStreamingOperation: Cannot set content-type, too late.',
    )
  })

  test('that destroys its stream, or whose source breaks, fails with that', async (t) => {
    const destroyed = await streamed(t, `out.write('x'); out.destroy()`)
    assert.match(errorOf(destroyed.outcome), /destroyed before its end/)
    const broken = await streamed(
      t,
      `const { pipeline } = require('node:stream/promises')
       await pipeline(async function* () { yield 'x'; throw new RangeError('source') }, out)`,
    )
    assert.equal(errorOf(broken.outcome), 'RangeError: source')
  })

  test('that dies midway is told from one that is done', async (t) => {
    const { to, outcome } = await streamed(t, `out.write('half'); await after(1); process.exit(3)`)
    assert.match(errorOf(outcome), /^Runtime.ExitError: .*exit status 3$/)
    assert.deepEqual([outcome.handlerStarted, textOf(to)], [true, 'half'])
  })

  test('is cut off at 200 MiB', async (t) => {
    const rig = openRig(t, {
      files: handler(
        `const piece = Buffer.alloc(${MIB}); for (let n = 0; n <= 200; n++) if (!out.write(piece)) await once(out, 'drain')
         out.end()`,
      ),
      functions: [{ name: 'effect', timeoutMs: 60_000, memoryMb: 512 }],
    })
    let length = 0
    const outcome = await rig.invoke(
      {},
      { stream: { start() {}, write: (bytes) => (length += bytes.length) > 0, onDrain() {} } },
    )
    assert.equal(length, 200 * MIB)
    assert.equal(
      errorOf(outcome),
      'Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size (209715200 bytes).',
    )
  })

  test('may have three parameters on Node 24', async (t) => {
    const rig = openRig(t, { files: handler(`out.end(context.awsRequestId)`) })
    const to = reader()
    await rig.invoke({}, { stream: to })
    assert.match(textOf(to), /^[\w-]{36}$/)
  })

  test('finds no global where it is switched off', async (t) => {
    const rig = openRig(t, {
      files: { 'index.js': `exports.handler = async () => typeof awslambda` },
      functions: [{ name: 'effect', environment: { AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA: '1' } }],
    })
    const outcome = await rig.invoke({})
    assert.ok(outcome.status === 'ok' && outcome.result.kind === 'json')
    assert.equal(Buffer.from(outcome.result.json).toString(), '"undefined"')
  })
})

/** Writes 16 MiB without a thought, while a timer shows that its event loop runs. */
const FLOOD = `
  const timer = setInterval(() => say('tick', event.id), 5)
  say('start', event.id)
  for (let n = 0; n < 16; n++) out.write(Buffer.alloc(${MIB}, n))
  say('written', event.id)
  await new Promise((resolve) => out.end(resolve))
  clearInterval(timer)
  say('end', event.id)`

function count(rig: Rig, what: string): number {
  return rig.effects().filter(([each]) => each === what).length
}

/** Resolves after some more turns of the handler's own loop. */
async function ticks(rig: Rig): Promise<void> {
  const before = count(rig, 'tick')
  await until('ticks of its event loop', () => count(rig, 'tick') >= before + 10)
}

describe('A slow caller', () => {
  test('holds the stream up, and not the event loop of the handler', async (t) => {
    const rig = openRig(t, { files: handler(FLOOD) })
    const to = reader()
    to.slow = true
    const outcome = rig.invoke({ id: 'a' }, { stream: to })
    await until('that it has enough', () => to.resume !== undefined)
    await ticks(rig)
    const taken = lengthOf(to)
    await ticks(rig)
    assert.ok(taken < MIB, `${taken} bytes came though one piece was enough`)
    assert.equal(lengthOf(to), taken)
    assert.deepEqual([count(rig, 'written'), count(rig, 'end')], [1, 0])
    to.slow = false
    to.resume?.()
    assert.equal((await outcome).status, 'ok')
    const all = Buffer.concat(to.pieces)
    assert.equal(all.length, 16 * MIB)
    assert.ok(all.every((byte, at) => byte === Math.floor(at / MIB)))
  })

  test('does not hold up its neighbours in the same environment', async (t) => {
    const many = { AWS_LAMBDA_MAX_CONCURRENCY: '2' }
    const rig = openRig(t, {
      files: handler(`if (event.id === 'b') return out.end('b'); ${FLOOD}`),
    })
    rig.fleet.configure(
      {
        ...rig.app,
        functions: rig.app.functions.map((fn) => ({
          ...fn,
          environmentConcurrency: 2,
          environment: { ...fn.environment, ...many },
        })),
      },
      { region: 'us-east-1', mode: 'start', path: process.env['PATH'] ?? '' },
    )
    const to = reader()
    to.slow = true
    const outcome = rig.invoke({ id: 'a' }, { stream: to })
    await until('that it has enough', () => to.resume !== undefined)
    await ticks(rig)
    const other = reader()
    assert.equal((await rig.invoke({ id: 'b' }, { stream: other })).status, 'ok')
    assert.deepEqual([textOf(other), rig.pids().length, count(rig, 'end')], ['b', 1, 0])
    to.slow = false
    to.resume?.()
    assert.equal((await outcome).status, 'ok')
    assert.equal(lengthOf(to), 16 * MIB)
  })

  test('that never comes back lets the handler run into its timeout', async (t) => {
    const rig = openRig(t, {
      files: handler(FLOOD),
      functions: [{ name: 'effect', timeoutMs: 500 }],
    })
    const to = reader()
    to.slow = true
    const outcome = rig.invoke({ id: 'a' }, { stream: to })
    await begun(rig, 'a')
    assert.equal((await outcome).status, 'timeout')
    // Its reader may wake up after that.
    to.resume?.()
  })
})
