import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { realClock } from '../../src/lib/clock.ts'
import { resultOf } from './rig.ts'
import { BASE, headerOf, invokeRelayed, NEXT, response, take } from './runtime-api-rig.ts'

const ERROR = { errorType: 'Boom', errorMessage: 'b' }

describe('What a runtime is told of an invocation', () => {
  test('is in the headers that Lambda sends, to the letter', async (t) => {
    const given = { clientContext: '{"custom":\n{"café":1}}' }
    const { relay, outcome } = await invokeRelayed(t, { k: 'é' }, { given, timeoutMs: 7000 })
    const beforeMs = realClock.wallMs()
    const { status, headers, body } = await relay.call(NEXT)
    assert.deepEqual([status, JSON.parse(body)], [200, { k: 'é' }])
    const names = headers.map(([name]) => name).filter((name) => name.startsWith('Lambda-'))
    assert.deepEqual(names, [
      'Lambda-Runtime-Aws-Request-Id',
      'Lambda-Runtime-Deadline-Ms',
      'Lambda-Runtime-Invoked-Function-Arn',
      'Lambda-Runtime-Trace-Id',
      'Lambda-Runtime-Client-Context',
    ])
    const leftMs = Number(headerOf(headers, 'lambda-runtime-deadline-ms')) - beforeMs
    assert.ok(leftMs >= 6999 && leftMs < 60_000, `${leftMs} ms are left`)
    const context = headerOf(headers, 'lambda-runtime-client-context') ?? ''
    assert.deepEqual(JSON.parse(Buffer.from(context, 'latin1').toString()), { custom: { café: 1 } })
    const id = headerOf(headers, 'lambda-runtime-aws-request-id') ?? ''
    const answered = await relay.call({ ...response(id), body: '"done"' })
    assert.deepEqual([answered.status, answered.body], [202, '{"status":"OK"}\n'])
    assert.equal(resultOf(await outcome), 'done')
  })
})

describe('An answer', () => {
  test('of more than 6 MiB and 100 bytes is refused, and fails the invocation', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    const id = await take(relay)
    const { status, body } = await relay.call({ ...response(id), body: 'x'.repeat(6_291_557) })
    assert.deepEqual(
      [status, JSON.parse(body)],
      [
        413,
        {
          errorMessage: 'Exceeded maximum allowed payload size (6291556 bytes).',
          errorType: 'RequestEntityTooLarge',
        },
      ],
    )
    const ended = await outcome
    assert.ok(ended.status === 'function_error')
    assert.equal(ended.error.errorType, 'Function.ResponseSizeTooLarge')
  })

  test('of just that much is taken', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    const json = JSON.stringify('x'.repeat(6_291_554))
    const { status } = await relay.call({ ...response(await take(relay)), body: json })
    assert.equal(status, 202)
    assert.equal((resultOf(await outcome) as string).length, 6_291_554)
  })

  test('for nobody, or in a mode that there is not, leaves the invocation as it was', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    const id = await take(relay)
    const other = await relay.call({ ...response(crypto.randomUUID()), body: '1' })
    assert.deepEqual([other.status, JSON.parse(other.body).errorType], [400, 'InvalidRequestID'])
    const odd = await relay.call({ ...response(id, 'sideways'), body: '1' })
    const errorType = 'InvalidFunctionResponseMode'
    assert.deepEqual([odd.status, JSON.parse(odd.body).errorType], [400, errorType])
    await relay.call({ ...response(id), body: '"mine"' })
    assert.equal(resultOf(await outcome), 'mine')
  })

  test('comes once: the second is refused, and the next poll while one runs', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    const id = await take(relay)
    const early = await relay.call(NEXT)
    assert.deepEqual(
      [early.status, JSON.parse(early.body)],
      [
        403,
        {
          errorMessage:
            'State transition from Running to Ready failed for runtime. Error: State transition is not allowed',
          errorType: 'InvalidStateTransition',
        },
      ],
    )
    await relay.call({ ...response(id), body: '1' })
    for (const what of ['response', 'error']) {
      const target = `${BASE}/invocation/${id}/${what}`
      const late = await relay.call({ method: 'POST', target, body: '2' })
      assert.deepEqual(
        [late.status, JSON.parse(late.body).errorType],
        [403, 'InvalidStateTransition'],
      )
    }
    assert.equal(resultOf(await outcome), 1)
  })

  test('that breaks off is none, and may be sent again', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    const id = await take(relay)
    const half = await relay.call({ ...response(id), chunks: ['"ha'], breakOff: true })
    assert.equal(half.status, 0)
    const { status } = await relay.call({ ...response(id), body: '"whole"' })
    assert.equal(status, 202)
    assert.equal(resultOf(await outcome), 'whole')
  })

  test('that is an error reaches the caller as it was posted', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    const target = `${BASE}/invocation/${await take(relay)}/error`
    await relay.call({ method: 'POST', target, body: JSON.stringify({ ...ERROR, more: [1] }) })
    const ended = await outcome
    assert.ok(ended.status === 'function_error')
    assert.deepEqual(JSON.parse(Buffer.from(ended.error.json).toString()), { ...ERROR, more: [1] })
  })

  test('that is an error without JSON gets its type from the header', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    const target = `${BASE}/invocation/${await take(relay)}/error`
    const headers = { 'Lambda-Runtime-Function-Error-Type': 'Runtime.Broken' }
    await relay.call({ method: 'POST', target, headers, body: 'no JSON' })
    const ended = await outcome
    assert.ok(ended.status === 'function_error')
    const { errorType, errorMessage } = ended.error
    assert.deepEqual([errorType, errorMessage], ['Runtime.Broken', 'no JSON'])
  })
})

describe('A streamed answer', () => {
  const streamed = (id: string): ReturnType<typeof response> => response(id, 'streaming')

  test('is collected where nobody takes it in pieces', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    const call = { ...streamed(await take(relay)), chunks: ['"a', 'b'], body: 'c"' }
    assert.equal((await relay.call(call)).status, 202)
    assert.equal(resultOf(await outcome), 'abc')
  })

  test('that fails midway says so in its trailers', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    await relay.call({
      ...streamed(await take(relay)),
      chunks: ['part'],
      trailers: {
        'Lambda-Runtime-Function-Error-Type': 'Function.Boom',
        'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(ERROR)).toString('base64'),
      },
    })
    const ended = await outcome
    assert.ok(ended.status === 'function_error')
    assert.equal(ended.error.errorType, 'Boom')
  })

  test('that breaks off while the process lives is truncated', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    await relay.call({ ...streamed(await take(relay)), chunks: ['part'], breakOff: true })
    const ended = await outcome
    assert.ok(ended.status === 'function_error')
    assert.equal(ended.error.errorType, 'Runtime.TruncatedResponse')
  })
})

describe('Calls that are not served', () => {
  for (const [method, target, status, word] of [
    ['GET', `${BASE}/restore/next`, 403, 'SnapStart'],
    ['POST', `${BASE}/restore/error`, 403, 'SnapStart'],
    ['POST', '/2020-01-01/extension/register', 404, 'extensions'],
    ['PUT', '/2022-07-01/telemetry', 404, 'extensions'],
    ['PUT', '/2020-08-15/logs', 404, 'extensions'],
    ['DELETE', `${BASE}/invocation/next`, 404, 'no DELETE'],
    ['GET', '/', 404, 'no GET /'],
  ] as const) {
    test(`${method} ${target} says so`, async (t) => {
      const { relay, outcome } = await invokeRelayed(t)
      const { status: got, body } = await relay.call({ method, target })
      assert.equal(got, status)
      assert.match(JSON.parse(body).errorMessage, new RegExp(word))
      await relay.call({ ...response(await take(relay)), body: '1' })
      assert.equal(resultOf(await outcome), 1)
    })
  }

  test('what is no HTTP is hung up on, and does no harm', async (t) => {
    const { relay, outcome } = await invokeRelayed(t)
    assert.equal(await relay.raw('\u0016\u0003\u0001 hello\r\n\r\n'), '')
    await relay.call({ ...response(await take(relay)), body: '1' })
    assert.equal(resultOf(await outcome), 1)
  })

  test('a client of HTTP/1.0 is served, and sees its connection closed', async (t) => {
    const { relay, outcome } = await invokeRelayed(t, { k: 1 })
    const text = await relay.raw(`GET ${NEXT.target} HTTP/1.0\r\n\r\n`)
    assert.match(text, /\r\n\r\n\{"k":1\}$/)
    const id = /Request-Id: ([\w-]+)/.exec(text)?.[1] ?? ''
    const answer = await relay.raw(
      `POST ${response(id).target} HTTP/1.0\r\nContent-Length: 1\r\n\r\n7`,
    )
    assert.match(answer, /^HTTP\/1\.1 202 /)
    assert.equal(resultOf(await outcome), 7)
  })
})

describe('What a runtime prints', () => {
  test('is the log of the invocation, even when the answer is right behind it', async (t) => {
    const { rig, relay, outcome } = await invokeRelayed(t)
    const id = await take(relay)
    await relay.log('one line\nand {another}\n')
    await relay.call({ ...response(id), body: '1' })
    await outcome
    const lines = rig.lines.map(({ text }) => text)
    const start = lines.findIndex((line) => line.startsWith('START '))
    assert.deepEqual(lines.slice(start + 1, start + 3), ['one line', 'and {another}'])
    assert.match(lines[start + 3] ?? '', /^END /)
  })
})
