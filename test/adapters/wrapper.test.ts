import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import type { FailureFacts, LambdaHandler, LambdaOptions } from '../../src/adapters/node.ts'
import type { Json } from '../conformance/cases.ts'
import { headerValues, send } from '../conformance/wire.ts'
import { FRAMEWORKS } from './frameworks.ts'

const ok = (body: unknown): object => ({ statusCode: 200, body: JSON.stringify(body) })
const asIs = (event: Json): object => ok([event.body, event.isBase64Encoded])

/** `onError` that remembers. */
function listener() {
  const seen: [error: unknown, facts: FailureFacts][] = []
  const onError = (error: unknown, facts: FailureFacts) => void seen.push([error, facts])
  return { seen, onError }
}

for (const framework of FRAMEWORKS) {
  const [parser = 'none'] = framework.parsers
  const start = async (
    t: Parameters<typeof framework.start>[0],
    handler: LambdaHandler,
    options: LambdaOptions<unknown> = {},
    route = 'POST /x/{id}',
  ): Promise<string> => await framework.start(t, { handler, route, options, parser })
  const post = async (url: string): Promise<Response> =>
    await fetch(`${url}/x/1`, { method: 'POST' })

  describe(`A wrapped handler under ${framework.name}`, () => {
    test('may answer by callback, by context, at once or by a promise', async (t) => {
      const handlers: LambdaHandler[] = [
        (_event, _context, callback: (error: null, result: unknown) => void) => {
          setImmediate(callback, null, ok('given'))
        },
        (_event, context: { succeed(result: unknown): void }) => context.succeed(ok('given')),
        (_event, context: { done(error: null, result: unknown): void }) =>
          setImmediate(() => context.done(null, ok('given'))) && undefined,
        () => ok('given'),
        async () => ok('given'),
      ]
      for (const handler of handlers) {
        const answer = await post(await start(t, handler))
        assert.deepEqual([answer.status, await answer.text()], [200, '"given"'])
      }
    })

    test('is answered for as the front end does when it fails, and tells onError why', async (t) => {
      const boom = new Error('boom')
      const handlers: LambdaHandler[] = [
        () => {
          throw boom
        },
        async () => {
          throw boom
        },
        (_event, _context, callback: (error: unknown) => void) => callback(boom),
        (_event, context: { fail(error: unknown): void }) => context.fail(boom),
      ]
      for (const handler of handlers) {
        const { seen, onError } = listener()
        const answer = await post(await start(t, handler, { onError }))
        assert.equal(answer.status, 502)
        assert.equal(await answer.text(), '{"message": "Internal server error"}')
        assert.equal(seen.length, 1)
        assert.equal(seen[0]?.[0], boom)
        const { kind, method, target, requestId } = seen[0]?.[1] ?? ({} as FailureFacts)
        assert.deepEqual([kind, method, target], ['function-error', 'POST', '/x/1'])
        assert.equal(answer.headers.get('x-amzn-requestid'), requestId)
      }
    })

    test('is answered for when what it returns cannot be sent', async (t) => {
      for (const result of [
        'text',
        { statusCode: 200, body: 'x', other: 1 },
        { statusCode: 10n },
      ]) {
        const { seen, onError } = listener()
        const answer = await post(await start(t, async () => result, { onError }))
        assert.equal(answer.status, 502)
        assert.equal(seen[0]?.[1].kind, 'malformed')
      }
    })

    test('is answered for when its time is over, and its late answer is dropped', async (t) => {
      const { seen, onError } = listener()
      const late = Promise.withResolvers<object>()
      const url = await start(t, async () => await late.promise, { timeoutMs: 50, onError })
      const answer = await post(url)
      assert.equal(answer.status, 504)
      assert.equal(await answer.text(), '{"message": "Endpoint request timed out"}')
      assert.deepEqual(
        seen.map(([error, { kind }]) => [(error as Error).message, kind]),
        [['Task timed out after 0.05 seconds', 'timeout']],
      )
      late.resolve(ok('late'))
      const httpApi = { timeoutMs: 50, payload: '2.0', onError } as const
      assert.equal((await post(await start(t, () => undefined, httpApi))).status, 503)
    })

    test('is given the context of Lambda', async (t) => {
      const handler = async (event: Json, context: Json) =>
        ok({
          ...context,
          remaining: context.getRemainingTimeInMillis(),
          same: context.awsRequestId === event.requestContext.requestId,
        })
      const options = { functionName: 'postLead', timeoutMs: 5000 }
      const told = (await (await post(await start(t, handler, options))).json()) as Json
      assert.equal(told.functionName, 'postLead')
      assert.equal(told.same, true)
      assert.ok(told.remaining > 1000 && told.remaining <= 5000)
      assert.match(told.invokedFunctionArn, /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:postLead$/)
      assert.equal(told.logGroupName, '/aws/lambda/postLead')
      assert.equal(typeof told.memoryLimitInMB, 'string')
    })

    test('finds what is known of its caller in the event', async (t) => {
      const handler = async (event: Json) => ok(event.requestContext.authorizer ?? 'nobody')
      const known = await start(t, handler, { authorizer: () => ({ principalId: 'ada' }) })
      assert.deepEqual(await (await post(known)).json(), { principalId: 'ada' })
      const unknown = await start(t, handler, { authorizer: () => undefined })
      assert.equal(await (await post(unknown)).json(), 'nobody')
    })

    test('is not called when whoever knows its caller fails', async (t) => {
      const { seen, onError } = listener()
      let called = false
      const options = {
        onError,
        authorizer() {
          throw new Error('no such user')
        },
      }
      const url = await start(t, async () => (called = true), options)
      assert.equal((await post(url)).status, 502)
      assert.equal(called, false)
      assert.deepEqual(seen[0]?.[0], new Error('no such user'))
    })

    test('sets several cookies, and headers of several values', async (t) => {
      const v1 = {
        statusCode: 200,
        multiValueHeaders: { 'set-cookie': ['a=1', 'b=2'], 'x-m': ['1', '2'] },
      }
      const first = await post(await start(t, async () => v1))
      assert.deepEqual(first.headers.getSetCookie(), ['a=1', 'b=2'])
      assert.equal(first.headers.get('x-m'), '1, 2')
      const v2 = { statusCode: 200, cookies: ['a=1', 'b=2; Secure'] }
      const second = await post(await start(t, async () => v2, { payload: '2.0' }))
      assert.deepEqual(second.headers.getSetCookie(), ['a=1', 'b=2; Secure'])
    })

    test('receives and sends bytes as base64', async (t) => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
      const echo = async ({ body, isBase64Encoded }: Json) => ({
        statusCode: 200,
        headers: { 'content-type': 'image/png' },
        body,
        isBase64Encoded,
      })
      const fastify = framework.name === 'Fastify' ? 'raw' : parser
      const route = 'POST /x/{id}'
      for (const options of [{ payload: '2.0' }, { binaryMediaTypes: ['image/*'] }] as const) {
        const url = await framework.start(t, { handler: echo, route, options, parser: fastify })
        const answer = await fetch(`${url}/x/1`, {
          method: 'POST',
          body: bytes,
          headers: { 'content-type': 'image/png', accept: 'image/png' },
        })
        assert.equal(answer.status, 200)
        assert.deepEqual(Buffer.from(await answer.arrayBuffer()), bytes)
      }
    })

    test('is not called for a body that is over the limit of its front end', async (t) => {
      const { seen, onError } = listener()
      let called = false
      const options = { onError, front: 'alb' } as const
      const url = await start(t, async () => (called = true), options)
      const body = 'x'.repeat(1024 * 1024 + 1)
      const headers = { 'content-type': 'text/plain' }
      const answer = await fetch(`${url}/x/1`, { method: 'POST', body, headers })
      assert.equal(answer.status, 413)
      assert.equal(called, false)
      // Fastify has a limit of its own, of the same size, and answers it itself.
      if (framework.name !== 'Fastify') assert.equal(seen[0]?.[1].kind, 'too-large')
    })

    test('goes on when its client has left', async (t) => {
      const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const left = Promise.withResolvers<void>()
      const { seen, onError } = listener()
      const handler = async () => {
        begun.resolve()
        await left.promise
        setImmediate(done.resolve)
        return ok('unheard')
      }
      const { port } = new URL(await start(t, handler, { onError }))
      const socket = connect(Number(port), '127.0.0.1')
      socket.write('POST /x/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
      await begun.promise
      socket.destroy()
      await once(socket, 'close')
      left.resolve()
      await done.promise
      assert.deepEqual(seen, [])
    })
  })
}

for (const framework of FRAMEWORKS.filter(({ parsers }) => parsers.includes('own'))) {
  describe(`A body that ${framework.name} has parsed`, () => {
    const ask = async (t: Parameters<typeof framework.start>[0], type: string, body: string) => {
      const options = { payload: '2.0' } as const
      const route = 'POST /x'
      const url = await framework.start(t, {
        handler: asIs as LambdaHandler,
        route,
        options,
        parser: 'own',
      })
      const answer = await fetch(`${url}/x`, {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      })
      return [answer.status, ...((await answer.json()) as unknown[])]
    }

    test('is JSON again, of the same meaning', async (t) => {
      const sent = '{"a":[1,"é",null,true],"b":{"c":"\\u2028"}}'
      const [status, body, isBase64] = await ask(t, 'application/json', sent)
      assert.deepEqual([status, isBase64], [200, false])
      assert.deepEqual(JSON.parse(body as string), JSON.parse(sent))
    })

    test('is the same text', async (t) => {
      assert.deepEqual(await ask(t, 'text/plain', ' grüß\n'), [200, ' grüß\n', false])
    })

    if (framework.name.startsWith('Express')) {
      test('is a form again, nested fields and repeats too', async (t) => {
        const sent = 'a=1&a=2&b%5Bc%5D=x+y&d=%C3%A9&e='
        const [status, body, isBase64] = await ask(t, 'application/x-www-form-urlencoded', sent)
        assert.deepEqual([status, isBase64], [200, true])
        assert.equal(Buffer.from(body as string, 'base64').toString(), sent)
      })
    }
  })
}

test('Header spelling and order reach a client of Express and node:http', async (t) => {
  for (const framework of FRAMEWORKS.filter(({ keepsSpelling }) => keepsSpelling)) {
    const handler = async () => ({
      statusCode: 200,
      headers: { 'X-MiXed': '1', 'x-b': '2' },
      body: '',
    })
    const url = await framework.start(t, { handler, route: 'GET /x', parser: 'none' })
    const response = await send(url, { method: 'GET', target: '/x', headers: [] })
    const names = response.headers.map(([name]) => name)
    assert.ok(names.indexOf('X-MiXed') < names.indexOf('x-b'))
    assert.deepEqual(headerValues(response, 'x-mixed'), ['1'])
  }
})

test('Options that no front end has are refused when the wrapper is made', async () => {
  const { lambdaToNode } = await import('../../src/adapters/node.ts')
  const handler = async () => ok('')
  const wrong: [unknown, unknown, RegExp][] = [
    [undefined, {}, /expected a Lambda handler, a function; got: undefined/],
    [handler, { front: 'soap' }, /front: expected rest, httpapi, function-url, alb, got: soap/],
    [handler, { front: 'rest', payload: '2.0' }, /payload: rest has 1.0, not 2.0/],
    [handler, { timeoutMs: 0 }, /timeoutMs: expected a number above 0, got: 0/],
    [handler, { route: 'lead' }, /route: expected a method and a path as in POST \/lead\/\{id\}/],
  ]
  for (const [given, options, message] of wrong) {
    assert.throws(() => lambdaToNode(given as never, options as never), {
      name: 'TypeError',
      message,
    })
  }
})
