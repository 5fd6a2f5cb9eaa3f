import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import type { Outcome, ResponseStream } from '../../src/invoke/invocation.ts'
import type { HttpApi } from '../../src/model/app.ts'
import { begun, openRig, release } from '../runtime/rig.ts'
import { until } from '../support/until.ts'
import { answerOf, apiOf, serveApi, type Answer, type ServedApi } from './serve.ts'

const FACTS = { handlerStarted: true, attempts: 1, waitedMs: 0 }
const OK: Outcome = { ...FACTS, status: 'ok', result: { kind: 'streamed' } }
const ERROR = { errorType: 'E', errorMessage: 'm', json: Buffer.from('{}') }
const FAILED: Outcome = { ...FACTS, status: 'function_error', error: ERROR }
const WITH_PRELUDE = 'application/vnd.awslambda.http-integration-response'
const PRELUDE = Buffer.concat([
  Buffer.from('{"statusCode":201,"headers":{"x-a":"1"},"cookies":["k=v","l=w"]}'),
  Buffer.alloc(8),
])
const MIB = 1024 * 1024

const STREAM = apiOf('function-url', ['$default'], { responseMode: 'stream' })
const BUFFERED = apiOf('httpapi', ['$default'])

type Stream = (stream: ResponseStream) => Outcome | Promise<Outcome>

async function serve(t: TestContext, api: HttpApi, stream: Stream): Promise<ServedApi> {
  return await serveApi(t, {
    apis: [api],
    invoke({ stream: to }) {
      assert.ok(to !== undefined)
      return stream(to)
    },
  })
}

async function ask(t: TestContext, api: HttpApi, stream: Stream): Promise<Answer> {
  return await (await serve(t, api, stream)).send('/')
}

/** Status, headers of interest and body of an answer. */
function essence({ status, headers, text }: Answer): unknown[] {
  return [status, headers['content-type'], headers['x-a'], headers['set-cookie'], text]
}

async function responseTo(out: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(out, 'response')) as [IncomingMessage]
  return response
}

describe('A streamed response', () => {
  test('reaches the client as it comes, its head before its first byte', async (t) => {
    const steps = [1, 2, 3].map(() => Promise.withResolvers<void>())
    const served = await serve(t, STREAM, async (to) => {
      to.start('text/event-stream')
      await steps[0]?.promise
      to.write(Buffer.from('one'))
      await steps[1]?.promise
      to.write(Buffer.from('two'))
      await steps[2]?.promise
      return OK
    })
    const response = await responseTo(served.start('/'))
    const { headers } = response
    assert.deepEqual(
      [response.statusCode, headers['content-type'], headers['transfer-encoding']],
      [200, 'text/event-stream', 'chunked'],
    )
    assert.equal(headers['x-spillway-handler-started'], '1')
    for (const [at, text] of ['one', 'two'].entries()) {
      steps[at]?.resolve()
      const [bytes] = (await once(response, 'data')) as [Buffer]
      assert.equal(bytes.toString(), text)
    }
    steps[2]?.resolve()
    await once(response, 'end')
    assert.deepEqual(
      served.facts.map(({ status, outcome }) => [status, outcome?.status]),
      [[200, 'ok']],
    )
  })

  test('has the status, headers and cookies of its prelude, wherever that is cut', async (t) => {
    for (const end of [1, 30, PRELUDE.length - 3, PRELUDE.length, PRELUDE.length + 2]) {
      const bytes = Buffer.concat([PRELUDE, Buffer.from('part1')])
      const answer = await ask(t, STREAM, (to) => {
        to.start(WITH_PRELUDE)
        to.write(bytes.subarray(0, end))
        to.write(bytes.subarray(end))
        return OK
      })
      assert.deepEqual(
        essence(answer),
        [201, 'application/octet-stream', '1', ['k=v', 'l=w'], 'part1'],
        String(end),
      )
    }
  })

  test('is collected where the front end does not stream, prelude and all', async (t) => {
    const answer = await ask(t, BUFFERED, (to) => {
      to.start(WITH_PRELUDE)
      to.write(PRELUDE)
      to.write(Buffer.from('part1'))
      to.write(Buffer.from('part2'))
      return OK
    })
    assert.equal(answer.headers['content-length'], '10')
    const [status, , header, cookies, text] = essence(answer)
    assert.deepEqual([status, header, cookies, text], [201, '1', ['k=v', 'l=w'], 'part1part2'])
    const tooLarge = await ask(t, BUFFERED, (to) => {
      to.start('text/plain')
      for (let n = 0; n < 7; n++) to.write(Buffer.alloc(MIB))
      return OK
    })
    assert.equal(tooLarge.status, 500)
  })

  test('may be empty, and then has no prelude', async (t) => {
    for (const api of [STREAM, BUFFERED]) {
      const answer = await ask(t, api, (to) => (to.start(WITH_PRELUDE), OK))
      assert.deepEqual([answer.status, answer.text], [200, ''])
    }
  })

  test('whose prelude is broken or has no end is a 502, and not a byte of it is sent', async (t) => {
    const preludes = ['{"statusCode":7}', 'nonsense', '{"headers":{"a\\nb":"c"}}']
    const whole = preludes.map((text) => Buffer.concat([Buffer.from(text), Buffer.alloc(8)]))
    for (const prelude of [...whole, Buffer.from('{"statusCode":200}'), Buffer.from('{}\0\0x')]) {
      const answer = await ask(t, STREAM, (to) => {
        to.start(WITH_PRELUDE)
        to.write(prelude)
        if (whole.includes(prelude)) to.write(Buffer.from('body'))
        return OK
      })
      assert.deepEqual([answer.status, answer.text], [502, 'Internal Server Error'])
    }
  })

  test('that broke off cuts the connection, so that nobody takes it for whole', async (t) => {
    const served = await serve(t, STREAM, (to) => {
      to.start('text/plain')
      to.write(Buffer.from('half'))
      return FAILED
    })
    const response = await responseTo(served.start('/'))
    const got: Buffer[] = []
    response.on('data', (bytes: Buffer) => got.push(bytes))
    const [error] = (await once(response, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNRESET')
    assert.equal(response.complete, false)
    assert.deepEqual(
      served.facts.map(({ outcome }) => outcome?.status),
      ['function_error'],
    )
  })

  test('that broke off before its first byte, or where all was collected, is an error as any', async (t) => {
    const answers = [
      await ask(t, STREAM, () => FAILED),
      await ask(t, STREAM, (to) => (to.start(WITH_PRELUDE), to.write(Buffer.from('{"st')), FAILED)),
    ]
    for (const { status, text } of answers) {
      assert.deepEqual([status, text], [502, 'Internal Server Error'])
    }
    const collected = await ask(t, BUFFERED, (to) => {
      to.start('text/plain')
      to.write(Buffer.from('half'))
      return FAILED
    })
    assert.equal(collected.status, 500)
  })

  test('has no body for HEAD', async (t) => {
    const served = await serve(t, STREAM, (to) => {
      to.start('text/plain')
      to.write(Buffer.from('body'))
      return OK
    })
    const head = await served.send('/', { method: 'HEAD' })
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal((await served.send('/')).text, 'body')
  })

  test('that comes after the front end gave up waiting is dropped', async (t) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let written = 0
    const served = await serve(t, BUFFERED, async (to) => {
      await promise
      to.start('text/plain')
      for (; written < 3; written++) assert.equal(to.write(Buffer.from('late')), true)
      return OK
    })
    const answer = served.send('/')
    await until('the invocation', () => served.connections() === 1)
    await new Promise(setImmediate)
    served.clock.advance(29_000)
    assert.equal((await answer).status, 503)
    resolve()
    await until('the stream', () => written === 3)
    assert.equal((await served.send('/')).status, 200)
    assert.deepEqual(served.errors, [])
  })
})

const HANDLER = `
const { appendFileSync, existsSync } = require('node:fs')
const { once } = require('node:events')
const { setTimeout: after } = require('node:timers/promises')
const at = (name) => process.env.FOLDER + '/' + name
const say = (what, id) => appendFileSync(at('effects'), what + ' ' + id + ' ' + process.pid + '\\n')
exports.handler = awslambda.streamifyResponse(async (event, out) => {
  const id = event.rawPath.slice(1)
  say('start', id)
  const timer = setInterval(() => say('tick', id), 5)
  if (id === 'die') { out.write('half'); await after(5); process.exit(1) }
  out = awslambda.HttpResponseStream.from(out, { headers: { 'content-type': 'text/plain' } })
  for (let n = 0; n < 32; n++) if (!out.write(Buffer.alloc(${MIB}, n))) await once(out, 'drain')
  say('written', id)
  while (id === 'held' && !existsSync(at('go'))) await after(5)
  out.end()
  clearInterval(timer)
  say('end', id)
})`

describe('A client of a streaming function', () => {
  async function open(t: TestContext) {
    const rig = openRig(t, { files: { 'index.js': HANDLER } })
    const served = await serveApi(t, {
      apis: [STREAM],
      invoke: (invocation) => rig.invoker.invoke({ ...invocation, deadlineMs: Infinity }),
    })
    return {
      rig,
      served,
      written: () => rig.effects().filter(([what]) => what === 'written').length,
    }
  }

  test('that reads slowly slows the handler down, and gets every byte', async (t) => {
    const { rig, served, written } = await open(t)
    const response = await responseTo(served.start('/a'))
    await begun(rig, 'a')
    // It reads nothing yet; 32 MiB are more than all sockets and pipes on the way hold.
    await until('some turns of its loop', () => rig.effects().length > 10)
    assert.equal(written(), 0)
    let length = 0
    for await (const bytes of response as AsyncIterable<Buffer>) length += bytes.length
    assert.equal(length, 32 * MIB)
    assert.equal(response.headers['content-type'], 'text/plain')
  })

  test('that leaves midway lets it run to its end, and leaves nothing behind', async (t) => {
    const { rig, served } = await open(t)
    const leaver = served.start('/held')
    const response = await responseTo(leaver)
    response.on('error', () => {})
    await once(response, 'readable')
    leaver.destroy()
    await until('all of it written', () => rig.effects().some(([what]) => what === 'written'))
    release(rig, 'go')
    await until('its end', () => rig.tally.functions.get('effect')?.outcomes.get('http')?.ok === 1)
    assert.equal(rig.snapshot().inUse, 0)
    assert.deepEqual(served.errors, [])
    // The same environment serves the next one.
    assert.equal((await served.send('/next')).text.length, 32 * MIB)
    assert.equal(rig.count('ready'), 1)
  })

  test('sees its connection cut when the environment dies midway', async (t) => {
    const { served } = await open(t)
    const out = served.start('/die')
    await assert.rejects(answerOf(out), { code: 'ECONNRESET' })
    assert.match(String(served.facts[0]?.outcome?.status), /function_error/)
  })
})
