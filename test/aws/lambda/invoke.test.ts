import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import type { Invocation, Outcome } from '../../../src/invoke/invocation.ts'
import { appOf, okOutcome, serveAws } from '../serve.ts'
import type { Received } from '../send.ts'

const app = appOf([{ name: 'hello' }])
const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:hello'
const PAYLOAD_BYTES_MAX = 6_291_456

function path(name: string, query = ''): string {
  return `/2015-03-31/functions/${encodeURIComponent(name)}/invocations${query}`
}

const ERROR = {
  errorType: 'E',
  errorMessage: 'm',
  json: Buffer.from('{"errorType":"E", "errorMessage":"m"}'),
}
type Blocked = Extract<Outcome, { status: 'throttled' }>['blocked']

const NOT_STARTED = { handlerStarted: false, attempts: 0, waitedMs: 41.6 }

/** A JSON string of this many bytes. */
function jsonOf(length: number): string {
  return `"${'a'.repeat(length - 2)}"`
}

/** Invokes `hello`, which ends as told. */
async function invokeEnding(t: TestContext, outcome: Outcome): Promise<Received> {
  const served = await serveAws(t, app, () => outcome)
  return await served.send(path('hello'), { method: 'POST', body: '{}' })
}

describe('Invoke', () => {
  test('passes the tenant on, and none that AWS would not have', async (t) => {
    const tenants: unknown[] = []
    const served = await serveAws(t, app, (invocation) => {
      tenants.push(invocation.tenant)
      return okOutcome('1')
    })
    const ask = async (tenant?: string): Promise<Received> =>
      await served.send(path('hello'), {
        method: 'POST',
        headers: tenant === undefined ? {} : { 'X-Amz-Tenant-Id': tenant },
      })
    const longest = 't'.repeat(256)
    for (const tenant of [undefined, 'blue', 'a b._:/=+-@9', longest]) {
      assert.equal((await ask(tenant)).status, 200)
    }
    assert.deepEqual(tenants, [undefined, 'blue', 'a b._:/=+-@9', longest])
    for (const [tenant, rule] of [
      [`${longest}t`, 'length less than or equal to 256'],
      ['', 'length greater than or equal to 1'],
      ['a,b', 'regular expression pattern: '],
    ] as const) {
      const { status, headers, text } = await ask(tenant)
      assert.deepEqual([status, headers['x-amzn-errortype']], [400, 'ValidationException'])
      assert.ok(text.includes(`at 'tenantId'`) && text.includes(rule), text)
    }
  })

  test('hands the payload over byte for byte, and the result back', async (t) => {
    const seen: Invocation[] = []
    const served = await serveAws(t, app, (invocation) => {
      seen.push(invocation)
      return okOutcome('{"b" : 1}')
    })
    const { status, headers, text } = await served.send(path('hello'), {
      method: 'POST',
      body: ' {"ä": 1e2}\n',
    })
    const [{ payload, id, invokedArn, source }] = seen as [Invocation]
    assert.ok(payload.kind === 'json')
    assert.equal(Buffer.from(payload.json).toString(), ' {"ä": 1e2}\n')
    assert.equal(invokedArn, ARN)
    assert.equal(source, 'invoke')
    assert.equal(status, 200)
    assert.equal(text, '{"b" : 1}')
    assert.equal(headers['x-amzn-requestid'], id)
    assert.equal(headers['x-amz-executed-version'], '$LATEST')
    assert.equal(headers['x-amz-function-error'], undefined)
    assert.equal(headers['x-amz-log-result'], undefined)
    assert.equal(headers['x-spillway-handler-started'], '1')
    assert.equal(headers['x-spillway-attempts'], '1')
  })

  test('gives the handler {} where there is no payload', async (t) => {
    let json = ''
    const served = await serveAws(t, app, ({ payload }) => {
      if (payload.kind === 'json') json = Buffer.from(payload.json).toString()
      return okOutcome('null')
    })
    await served.send(path('hello'), { method: 'POST' })
    assert.equal(json, '{}')
  })

  test('finds the function under every name it has, and keeps the qualifier in the ARN', async (t) => {
    const arns: string[] = []
    const served = await serveAws(t, app, ({ invokedArn }) => {
      arns.push(invokedArn)
      return okOutcome('1')
    })
    for (const name of ['hello', '123456789012:hello', '123456789012:function:hello', ARN]) {
      assert.equal((await served.send(path(name), { method: 'POST' })).status, 200, name)
      assert.equal(arns.pop(), ARN, name)
      assert.equal(
        (await served.send(path(`${name}:$LATEST`), { method: 'POST' })).status,
        200,
        name,
      )
      assert.equal(arns.pop(), `${ARN}:$LATEST`, name)
    }
    await served.send(path('hello', '?Qualifier=%24LATEST'), { method: 'POST' })
    assert.equal(arns.pop(), `${ARN}:$LATEST`)
  })

  test('says which function it does not find', async (t) => {
    const served = await serveAws(t, app, () => assert.fail('nothing may run'))
    const message = async (to: string): Promise<unknown> => {
      const { status, headers, json } = await served.send(to, { method: 'POST', body: '{}' })
      assert.equal(status, 404)
      assert.equal(headers['x-amzn-errortype'], 'ResourceNotFoundException')
      assert.deepEqual(Object.keys(json as object), ['Type', 'Message'])
      return (json as { Message: string }).Message
    }
    const other = ARN.replace('hello', 'nope')
    assert.equal(await message(path('nope')), `Function not found: ${other}:$LATEST`)
    assert.equal(await message(path('hello:9')), `Function not found: ${ARN}:9`)
    assert.equal(await message(path('hello', '?Qualifier=live')), `Function not found: ${ARN}:live`)
    assert.equal(
      await message(path(ARN.replace('us-east-1', 'ap-southeast-1'))),
      "Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')",
    )
  })

  test('refuses what is no name, or contradicts itself', async (t) => {
    const served = await serveAws(t, app, () => assert.fail('nothing may run'))
    const bad = await served.send(path('he llo;$(id)'), { method: 'POST' })
    assert.equal(bad.status, 400)
    assert.equal(bad.headers['x-amzn-errortype'], 'ValidationException')
    const undecodable = await served.send('/2015-03-31/functions/%zz/invocations', {
      method: 'POST',
    })
    assert.equal(undecodable.headers['x-amzn-errortype'], 'ValidationException')
    const torn = await served.send(path('hello:1', '?Qualifier=2'), { method: 'POST' })
    assert.deepEqual(torn.json, {
      Type: 'User',
      message:
        'The derived qualifier from the function name does not match the specified qualifier.',
    })
  })

  test('refuses what is not JSON, with AWS’s words in front', async (t) => {
    const served = await serveAws(t, app, () => assert.fail('nothing may run'))
    for (const body of ['{not json', '{"a":1}}', ' ', 'undefined']) {
      const { status, headers, json } = await served.send(path('hello'), { method: 'POST', body })
      assert.equal(status, 400, body)
      assert.equal(headers['x-amzn-errortype'], 'InvalidRequestContentException')
      assert.match(
        (json as { message: string }).message,
        /^Could not parse request body into json: Could not parse payload into json: ./,
      )
    }
  })

  test('takes every JSON there is', async (t) => {
    const served = await serveAws(t, app, ({ payload }) =>
      payload.kind === 'json' ? okOutcome(Buffer.from(payload.json).toString()) : assert.fail(),
    )
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ depthSize: 'max', maxDepth: 4 }), async (value) => {
        const body = JSON.stringify(value)
        const { status, text } = await served.send(path('hello'), { method: 'POST', body })
        assert.equal(status, 200)
        assert.equal(text, body)
      }),
      { numRuns: 50 },
    )
  })

  test('takes six MiB and not a byte more, counted with and without a declared length', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    const send = (length: number, headers: Record<string, string>): Promise<Received> =>
      served.send(path('hello'), { method: 'POST', headers, body: jsonOf(length) })
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      assert.equal((await send(PAYLOAD_BYTES_MAX, headers)).status, 200)
      const { status, headers: got, json } = await send(PAYLOAD_BYTES_MAX + 1, headers)
      assert.equal(status, 413)
      assert.equal(got['x-amzn-errortype'], 'RequestEntityTooLargeException')
      assert.deepEqual(json, {
        message:
          '6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)',
      })
    }
  })

  test('checks everything and runs nothing on DryRun', async (t) => {
    const served = await serveAws(t, app, () => assert.fail('nothing may run'))
    const headers = { 'x-amz-invocation-type': 'DryRun' }
    const dry = await served.send(path('hello'), { method: 'POST', headers, body: '{}' })
    assert.equal(dry.status, 204)
    assert.equal(dry.text, '')
    assert.equal((await served.send(path('nope'), { method: 'POST', headers })).status, 404)
  })

  test('says of an invocation type that there is none what there is', async (t) => {
    const served = await serveAws(t, app, () => assert.fail('nothing may run'))
    const headers = { 'x-amz-invocation-type': 'event' }
    const { status, json } = await served.send(path('hello'), { method: 'POST', headers })
    assert.equal(status, 400)
    const pattern = /Value 'event' at 'invocationType' .*\[Event, RequestResponse, DryRun\]/
    assert.match((json as { message: string }).message, pattern)
  })

  test('decodes the client context, and refuses one that is none', async (t) => {
    let context: string | undefined
    const served = await serveAws(t, app, ({ clientContext }) => {
      context = clientContext
      return okOutcome('1')
    })
    const send = (text: string): Promise<Received> => {
      const headers = { 'x-amz-client-context': Buffer.from(text).toString('base64') }
      return served.send(path('hello'), { method: 'POST', headers })
    }
    assert.equal((await send('{"custom":{"a":"ü"}}')).status, 200)
    assert.equal(context, '{"custom":{"a":"ü"}}')
    for (const text of ['no json', '[1]', '7', `{"a":"${'x'.repeat(3583)}"}`]) {
      const { status, json } = await send(text)
      assert.equal(status, 400, text.slice(0, 20))
      assert.equal(
        (json as { message: string }).message,
        'Client context must be a valid Base64-encoded JSON object.',
      )
    }
  })

  test('keeps the caller’s trace, and begins one where there is none', async (t) => {
    const traces: string[] = []
    const served = await serveAws(t, app, ({ traceId }) => {
      traces.push(traceId)
      return okOutcome('1')
    })
    const given = 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1'
    await served.send(path('hello'), { method: 'POST', headers: { 'x-amzn-trace-id': given } })
    await served.send(path('hello'), { method: 'POST', headers: { 'x-amzn-trace-id': 'nonsense' } })
    assert.equal(traces[0], given)
    assert.match(traces[1] ?? '', /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/)
  })

  test('asks for the log’s tail only when told to', async (t) => {
    const asked: (boolean | undefined)[] = []
    const served = await serveAws(t, app, ({ tail }) => {
      asked.push(tail)
      return okOutcome('1', tail === true ? { logTail: 'END ü\n' } : {})
    })
    const tailed = await served.send(path('hello'), {
      method: 'POST',
      headers: { 'x-amz-log-type': 'Tail' },
    })
    await served.send(path('hello'), { method: 'POST', headers: { 'x-amz-log-type': 'None' } })
    assert.deepEqual(asked, [true, false])
    assert.equal(
      Buffer.from(String(tailed.headers['x-amz-log-result']), 'base64').toString(),
      'END ü\n',
    )
  })

  test('gives up the place in line when its caller leaves', async (t) => {
    const began = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const served = await serveAws(t, app, async ({ caller }) => {
      assert.ok(caller !== undefined)
      caller.waiting = { cancel: () => left.resolve() }
      began.resolve()
      await left.promise
      return { status: 'cancelled', ...NOT_STARTED }
    })
    const out = request({
      port: served.port,
      host: '127.0.0.1',
      path: path('hello'),
      method: 'POST',
    })
    out.on('error', () => {})
    out.end('{}')
    await began.promise
    out.destroy()
    await left.promise
    assert.deepEqual(served.errors, [])
  })

  test('does not take an answered request for a caller who left', async (t) => {
    let left = 0
    const served = await serveAws(t, app, ({ caller }) => {
      assert.ok(caller !== undefined)
      caller.waiting = { cancel: () => left++ }
      return okOutcome('1')
    })
    // Each on a connection of its own, which is closed before the answer is given here.
    for (let i = 0; i < 3; i++) await served.send(path('hello'), { method: 'POST' })
    assert.equal(left, 0)
  })
})

describe('The end of an invocation', () => {
  test('is 200 and Unhandled with the error’s own bytes whenever the handler had begun', async (t) => {
    for (const status of ['function_error', 'timeout', 'interrupted'] as const) {
      const facts = { handlerStarted: true, attempts: 2, waitedMs: 0, logTail: 'x' }
      const {
        status: got,
        headers,
        text,
      } = await invokeEnding(t, { status, error: ERROR, ...facts })
      assert.equal(got, 200, status)
      assert.equal(text, '{"errorType":"E", "errorMessage":"m"}')
      assert.equal(headers['x-amz-function-error'], 'Unhandled')
      assert.equal(headers['x-amz-executed-version'], '$LATEST')
      assert.equal(headers['x-spillway-handler-started'], '1')
      assert.equal(headers['x-spillway-attempts'], '2')
      assert.equal(headers['x-amz-log-result'], 'eA==')
    }
  })

  test('is 429 with one of AWS’s reasons when a limit was full, and names the limit', async (t) => {
    for (const [scope, name, reason, limit] of [
      ['account', '', 'ConcurrentInvocationLimitExceeded', 'account'],
      ['group', 'etl', 'ConcurrentInvocationLimitExceeded', 'group/etl'],
      ['function', 'hello', 'ReservedFunctionConcurrentInvocationLimitExceeded', 'function/hello'],
    ] as const) {
      const blocked = {
        scope,
        name,
        max: 2,
        inUse: 2,
        waitedMs: 41.6,
        why: 'maxConcurrency',
        retryAfterMs: 2500,
      } as const
      const { status, headers, text } = await invokeEnding(t, {
        status: 'throttled',
        blocked,
        ...NOT_STARTED,
      })
      assert.equal(status, 429)
      assert.equal(text, `{"Reason":"${reason}","Type":"User","message":"Rate Exceeded."}`)
      assert.equal(headers['x-amzn-errortype'], 'TooManyRequestsException')
      assert.match(String(headers['retry-after']), /^[1-9]\d*$/)
      assert.equal(headers['x-spillway-limit'], limit)
      assert.equal(headers['x-spillway-waited-ms'], '42')
      assert.equal(headers['x-spillway-handler-started'], '0')
    }
  })

  test('has AWS’s nearest reason for every limit of ours, and says when to come back', async (t) => {
    const account = ['ConcurrentInvocationLimitExceeded', 'FunctionInvocationRateLimitExceeded']
    const own = [
      'ReservedFunctionConcurrentInvocationLimitExceeded',
      'ReservedFunctionInvocationRateLimitExceeded',
    ]
    const refusal = async (scope: string, more: object): Promise<Received> => {
      const limit = { scope, name: 'x', max: 1, inUse: 1, waitedMs: 0 }
      const blocked = { ...limit, why: 'guarantees', retryAfterMs: 1000, ...more } as Blocked
      return await invokeEnding(t, { status: 'throttled', blocked, ...NOT_STARTED })
    }
    for (const [scope, [concurrency, rate]] of Object.entries({
      account,
      group: account,
      tag: account,
      function: own,
      version: own,
      tenant: own,
      source: own,
    })) {
      const reasonOf = ({ json }: Received): unknown => (json as { Reason: unknown }).Reason
      assert.equal(reasonOf(await refusal(scope, {})), concurrency, scope)
      assert.equal(reasonOf(await refusal(scope, { why: 'rate' })), rate, scope)
    }
    for (const [retryAfterMs, seconds] of [
      [1, '1'],
      [1000, '1'],
      [1001, '2'],
      [30_000, '30'],
    ] as const) {
      const { headers } = await refusal('group', { retryAfterMs })
      assert.equal(headers['retry-after'], seconds)
      assert.equal(headers['x-spillway-reason'], 'guarantees')
    }
    const nested = await refusal('group', { why: 'nested' })
    assert.equal(nested.headers['x-spillway-reason'], 'NestedCallWouldBlock')
    assert.match(nested.text, /"Reason":"ConcurrentInvocationLimitExceeded"/)
  })

  test('is 500 only when the handler had not begun', async (t) => {
    const message = 'no execution environment was free in time'
    const { status, headers, json } = await invokeEnding(t, {
      status: 'platform_error',
      message,
      ...NOT_STARTED,
    })
    assert.equal(status, 500)
    assert.equal(headers['x-amzn-errortype'], 'ServiceException')
    assert.deepEqual(json, { Type: 'Service', Message: message })
    assert.equal(headers['x-spillway-handler-started'], '0')
  })
})
