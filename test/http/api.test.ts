import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Invocation, Outcome } from '../../src/invoke/invocation.ts'
import { begun, openRig, release } from '../runtime/rig.ts'
import { until } from '../support/until.ts'
import { answerOf, apiOf, serveApi } from './serve.ts'

const FACTS = { handlerStarted: true, attempts: 1, waitedMs: 0 }
const ERROR = { errorType: 'E', errorMessage: 'm', json: Buffer.from('{}') }
const BODY_BYTES_MAX = 10 * 1024 * 1024
const REST_AND_HTTP = [
  apiOf('rest', ['ANY /rest/{proxy+}']),
  apiOf('httpapi', ['ANY /http/{proxy+}']),
]

function ok(body: string | Uint8Array = 'done', status = 200, rawHeaders: string[] = []): Outcome {
  return {
    ...FACTS,
    status: 'ok',
    result: { kind: 'http', response: { status, rawHeaders, body } },
  }
}

/** An invoker whose outcome comes when the test says so. */
function held(): { outcome: PromiseWithResolvers<Outcome>; seen: Invocation[]; invoke: Invoke } {
  const outcome = Promise.withResolvers<Outcome>()
  const seen: Invocation[] = []
  return { outcome, seen, invoke: (invocation) => (seen.push(invocation), outcome.promise) }
}

type Invoke = (invocation: Invocation) => Promise<Outcome>

describe('The API listener', () => {
  test('hands a request over as it came, and the response back as it was made', async (t) => {
    const seen: Invocation[] = []
    const served = await serveApi(t, {
      apis: REST_AND_HTTP,
      invoke: (invocation) => {
        seen.push(invocation)
        return ok(Buffer.from([0, 255, 10]), 201, [
          'X-Own',
          'ä',
          'set-cookie',
          'a=1',
          'set-cookie',
          'b=2',
        ])
      },
    })
    const body = Buffer.from([1, 2, 255])
    const headers = { 'X-Case': 'Kept', 'x-amzn-trace-id': 'Root=1-1-2;Sampled=1' }
    const answer = await served.send('/http/a%2Fb?x=%2B&x=2', { method: 'PATCH', headers, body })

    const [invocation] = seen
    assert.ok(invocation?.payload.kind === 'http')
    const { request, route } = invocation.payload
    assert.deepEqual(
      [request.method, request.target, request.protocol, Buffer.from(request.body)],
      ['PATCH', '/http/a%2Fb?x=%2B&x=2', 'HTTP/1.1', body],
    )
    assert.equal(request.rawHeaders[request.rawHeaders.indexOf('X-Case') + 1], 'Kept')
    assert.deepEqual([route.front, route.path], ['httpapi', '/http/{proxy+}'])
    assert.equal(invocation.traceId, headers['x-amzn-trace-id'])
    assert.equal(invocation.deadlineMs, 29_000)
    assert.match(invocation.invokedArn, /:function:effect$/)

    assert.deepEqual([answer.status, answer.text], [201, '\x00ÿ\n'])
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2'])
    assert.equal(answer.headers['x-own'], 'ä')
    assert.equal(answer.headers['x-spillway-handler-started'], '1')
    assert.equal(answer.headers['x-spillway-attempts'], '1')
    assert.equal(answer.headers['x-spillway-waited-ms'], '0')
    assert.deepEqual(
      served.facts.map(({ method, status, functionName }) => [method, status, functionName]),
      [['PATCH', 201, 'effect']],
    )
  })

  test('names a route by the same object each time, as the environments want it', async (t) => {
    const routes = new Set<object>()
    const served = await serveApi(t, {
      apis: REST_AND_HTTP,
      invoke({ payload }) {
        if (payload.kind === 'http') routes.add(payload.route)
        return ok()
      },
    })
    for (const path of ['/http/a', '/http/b', '/dev/rest/a']) await served.send(path)
    assert.equal(routes.size, 2)
  })

  test('refuses a body over 10 MB without invoking, and the connection goes on', async (t) => {
    let invocations = 0
    const served = await serveApi(t, {
      apis: REST_AND_HTTP,
      invoke: () => (invocations++, ok()),
    })
    const send = async (path: string, length: number): Promise<unknown> => {
      const body = Buffer.alloc(length)
      const { status, text } = await served.send(path, { method: 'POST', body })
      return [status, text]
    }
    assert.deepEqual(await send('/http/a', BODY_BYTES_MAX), [200, 'done'])
    assert.deepEqual(await send('/http/a', BODY_BYTES_MAX + 1), [
      413,
      '{"message":"Request Entity Too Large"}',
    ])
    assert.deepEqual(await send('/dev/rest/a', BODY_BYTES_MAX + 1), [
      413,
      'HTTP content length exceeded 10485760 bytes.',
    ])
    assert.deepEqual(await send('/http/a', 1), [200, 'done'])
    assert.deepEqual([invocations, served.connections()], [2, 1])
  })

  test('stops waiting when its own time is over, while the function goes on', async (t) => {
    const { outcome, seen, invoke } = held()
    const served = await serveApi(t, { apis: REST_AND_HTTP, invoke })
    for (const [path, status, text] of [
      ['/dev/rest/a', 504, '{"message": "Endpoint request timed out"}'],
      ['/http/a', 503, '{"message":"Service Unavailable"}'],
    ] as const) {
      const before = seen.length
      const answer = served.send(path)
      await until('the invocation', () => seen.length > before)
      served.clock.advance(28_999)
      assert.equal(served.facts.length, before)
      served.clock.advance(1)
      const { status: got, text: said } = await answer
      assert.deepEqual([got, said], [status, text])
    }
    outcome.resolve(ok())
    await new Promise(setImmediate)
    assert.deepEqual([served.facts.length, served.errors.length], [2, 0], 'answered once each')
  })

  test('answers HEAD with the headers alone', async (t) => {
    const served = await serveApi(t, {
      apis: REST_AND_HTTP,
      invoke: () => ok('hello', 200, ['content-length', '5']),
    })
    for (const method of ['HEAD', 'GET']) {
      const { status, headers, text } = await served.send('/http/a', { method })
      assert.deepEqual(
        [status, headers['content-length'], text],
        [200, '5', method === 'HEAD' ? '' : 'hello'],
      )
    }
    assert.equal(served.connections(), 1)
  })

  test('closes its connections while it drains, and not before', async (t) => {
    let draining = false
    const served = await serveApi(t, {
      apis: REST_AND_HTTP,
      invoke: () => ok(),
      options: { draining: () => draining },
    })
    assert.notEqual((await served.send('/http/a')).headers.connection, 'close')
    draining = true
    for (const path of ['/http/a', '/nowhere']) {
      assert.equal((await served.send(path)).headers.connection, 'close', path)
    }
  })

  const endings: [string, Outcome, rest: number, http: number][] = [
    ['a malformed answer', { ...FACTS, status: 'malformed', reason: 'no status' }, 502, 500],
    ['an error', { ...FACTS, status: 'function_error', error: ERROR }, 502, 500],
    ['a timeout of its own', { ...FACTS, status: 'timeout', error: ERROR }, 502, 500],
    ['an interruption', { ...FACTS, status: 'interrupted', error: ERROR }, 502, 500],
    ['no environment', { ...FACTS, status: 'platform_error', message: 'm' }, 503, 503],
  ]
  for (const [what, outcome, rest, http] of endings) {
    test(`answers for a function that ends in ${what}, and tells why to who looks on`, async (t) => {
      const served = await serveApi(t, { apis: REST_AND_HTTP, invoke: () => outcome })
      assert.equal((await served.send('/dev/rest/a')).status, rest)
      const answer = await served.send('/http/a')
      assert.equal(answer.status, http)
      assert.equal(answer.headers['x-spillway-handler-started'], '1')
      assert.deepEqual(served.facts.at(-1)?.outcome, outcome)
    })
  }

  test('names the limit that throttled', async (t) => {
    const blocked = {
      scope: 'group',
      name: 'etl',
      max: 1,
      inUse: 1,
      waitedMs: 12,
      why: 'maxConcurrency',
      retryAfterMs: 2500,
    } as const
    const served = await serveApi(t, {
      apis: REST_AND_HTTP,
      invoke: () => ({
        handlerStarted: false,
        attempts: 0,
        waitedMs: 12,
        status: 'throttled',
        blocked,
      }),
    })
    const { status, headers } = await served.send('/http/a')
    assert.equal(status, 429)
    assert.equal(headers['retry-after'], '3')
    assert.equal(headers['x-spillway-limit'], 'group/etl')
    assert.equal(headers['x-spillway-handler-started'], '0')
    assert.equal(headers['x-spillway-waited-ms'], '12')
  })

  test('says what has no route in the words of the front end that would have it', async (t) => {
    const invoke = (): Outcome => assert.fail('nothing may run')
    const rest = await serveApi(t, { apis: [apiOf('rest', ['GET /a'])], invoke })
    const restAnswer = await rest.send('/dev/b')
    assert.deepEqual(
      [restAnswer.status, restAnswer.text],
      [403, '{"message":"Missing Authentication Token"}'],
    )
    const http = await serveApi(t, { apis: [apiOf('httpapi', ['GET /a'])], invoke })
    const httpAnswer = await http.send('/a', { method: 'POST', body: 'unread' })
    assert.deepEqual([httpAnswer.status, httpAnswer.text], [404, '{"message":"Not Found"}'])
    assert.equal(http.facts[0]?.functionName, undefined)
  })

  test('lets in only who has one of the keys, where a route wants one', async (t) => {
    const api = apiOf('rest', ['ANY /a'], {
      apiKeys: ['one', 'two'],
      route: { apiKeyRequired: true },
    })
    const served = await serveApi(t, { apis: [api], invoke: () => ok() })
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await served.send('/dev/a', { method: 'POST', headers, body: '{}' })).status
    assert.equal(await statusOf({ 'X-API-Key': 'two' }), 200)
    for (const headers of [
      {},
      { 'x-api-key': '' },
      { 'x-api-key': 'three' },
      { 'x-api-key': 'on' },
    ]) {
      assert.equal(await statusOf(headers), 403)
    }
    assert.equal(served.connections(), 1)
  })

  test('answers 503 and goes on when what should never happen does', async (t) => {
    const failure = new Error('a bug')
    const served = await serveApi(t, {
      apis: REST_AND_HTTP,
      invoke: () => Promise.reject(failure),
    })
    assert.equal((await served.send('/http/a')).status, 503)
    assert.deepEqual(served.errors, [failure])
  })

  test('says who the client is, where a proxy that is trusted says so', async (t) => {
    const ips: string[] = []
    const served = await serveApi(t, {
      apis: REST_AND_HTTP,
      app: { trustedProxies: ['127.0.0.0/8'] },
      invoke({ payload }) {
        if (payload.kind === 'http') ips.push(payload.request.sourceIp)
        return ok()
      },
    })
    await served.send('/http/a', { headers: { 'x-forwarded-for': '203.0.113.7, 198.51.100.2' } })
    await served.send('/http/a')
    assert.deepEqual(ips, ['198.51.100.2', '127.0.0.1'])
  })
})

describe('A client that leaves', () => {
  test('while it waits is taken out of the line, and nothing is run for it', async (t) => {
    const rig = openRig(t)
    const { gate } = rig
    const functions = { effect: { group: 'shop', maxConcurrency: 1 } }
    gate.configure({ ...gate.config, functions })
    const holder = rig.invoke({ id: 'holder', hold: 'go' })
    await begun(rig, 'holder')

    const served = await serveApi(t, {
      apis: REST_AND_HTTP,
      invoke: (invocation) => rig.invoker.invoke({ ...invocation, deadlineMs: Infinity }),
    })
    const leaver = served.start('/http/a')
    const left = assert.rejects(answerOf(leaver))
    await until('someone in line', () => rig.snapshot().waiting.interactive === 1)
    leaver.destroy()
    await left
    await until('nobody in line', () => rig.snapshot().waiting.interactive === 0)

    release(rig, 'go')
    assert.equal((await holder).status, 'ok')
    assert.deepEqual(
      rig.effects().map(([what, id]) => `${what} ${id}`),
      ['start holder', 'end holder'],
    )
    const tally = rig.tally.functions.get('effect')
    assert.equal(tally?.outcomes.get('http')?.cancelled, 1)
    assert.deepEqual(served.facts, [], 'there is nobody to answer')
  })

  test('while its function runs changes nothing for the function', async (t) => {
    const { outcome, seen, invoke } = held()
    const served = await serveApi(t, { apis: REST_AND_HTTP, invoke })
    const leaver = served.start('/http/a')
    const left = assert.rejects(answerOf(leaver))
    await until('the invocation', () => seen.length === 1)
    leaver.destroy()
    await left
    outcome.resolve(ok())
    assert.equal((await served.send('/http/b')).status, 200)
    assert.deepEqual([served.facts.length, served.errors.length], [1, 0])
  })

  test('before its body is complete is never invoked', async (t) => {
    const { seen, invoke } = held()
    const served = await serveApi(t, { apis: REST_AND_HTTP, invoke })
    const headers = { 'content-length': '10' }
    const leaver = served.start('/http/a', { method: 'POST', headers, body: 'half' })
    leaver.once('socket', (socket) =>
      socket.once('connect', () => setImmediate(() => leaver.destroy())),
    )
    await assert.rejects(answerOf(leaver))
    assert.deepEqual(seen, [])
    assert.equal((await served.send('/nowhere')).status, 404)
  })
})
