import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { apiOf, appOf } from './app.ts'
import { fill, loadCases } from './cases.ts'
import { parseReport } from './report-line.ts'
import { responseProblems } from './response.ts'
import { send, type WireRequest, type WireResponse } from './wire.ts'

describe('A request of a case', () => {
  test('goes on the wire as written, with Host and Content-Length alone added', async () => {
    const { request, host } = await exchange({
      method: 'POST',
      target: '/v1/a%2Fb//?x=%2B&x=+',
      headers: [
        ['x-MiXeD', 'one'],
        ['x-MiXeD', 'two'],
        ['TE', 'trailers'],
      ],
      body: 'é',
    })
    assert.equal(
      request,
      `POST /v1/a%2Fb//?x=%2B&x=+ HTTP/1.1\r\nHost: ${host}\r\nx-MiXeD: one\r\nx-MiXeD: two\r\nTE: trailers\r\nContent-Length: 2\r\n\r\né`,
    )
  })

  test('keeps its own Host and Content-Length, and carries no length without a body', async () => {
    const own = await exchange({ method: 'GET', target: '/', headers: [['host', 'api.example']] })
    assert.equal(own.request, 'GET / HTTP/1.1\r\nhost: api.example\r\n\r\n')
  })

  test('names the client through X-Forwarded-For only where the case does', async () => {
    const { request } = await exchange({
      method: 'GET',
      target: '/',
      headers: [],
      sourceIp: '203.0.113.7',
    })
    assert.match(request, /^X-Forwarded-For: 203\.0\.113\.7$/m)
  })
})

describe('A response', () => {
  const response: WireResponse = {
    method: 'GET',
    status: 200,
    headers: [
      ['X-M', 'a, b'],
      ['Set-Cookie', 'k=v'],
      ['Set-Cookie', 'l=w'],
    ],
    body: Buffer.from('hi'),
  }

  test('passes where everything is as expected', () => {
    const expected = {
      status: 200,
      headers: { 'x-m': 'a, b', 'x-none': { $absent: true } },
      headerValues: { 'x-m': ['a', 'b'] },
      headerNameCase: ['X-M'],
      setCookies: ['k=v', 'l=w'],
      body: 'hi',
      bodyBase64: 'aGk=',
    }
    assert.deepEqual(responseProblems(expected, response, { vars: {} }), [])
  })

  test('shows each difference', () => {
    const problems = responseProblems(
      {
        status: 201,
        headers: { 'x-m': 'c' },
        headerNameCase: ['x-m'],
        setCookies: ['k=v'],
        body: 'ho',
      },
      response,
      { vars: {} },
    )
    assert.deepEqual(problems, [
      '/status: want 201 got 200',
      '/headers/x-m: want "c" got "a, b"',
      '/headerNameCase: want x-m got [X-M, Set-Cookie, Set-Cookie]',
      '/setCookies: want 1 items got 2',
      '/body: want "ho" got "hi"',
    ])
  })

  test('to a HEAD is not asked for the body that it cannot carry', () => {
    const head = { ...response, method: 'HEAD', body: Buffer.alloc(0) }
    assert.deepEqual(responseProblems({ status: 200, body: 'hi' }, head, { vars: {} }), [])
    assert.equal(
      responseProblems({ body: 'hi' }, { ...head, body: response.body }, { vars: {} }).length,
      1,
    )
  })

  test('does not pass by an expectation that nobody can check', () => {
    assert.deepEqual(responseProblems({ trailers: {} }, response, { vars: {} }), [
      '/trailers: this runner does not know how to check it',
    ])
  })
})

describe('A config', () => {
  test('becomes an API with its routes', () => {
    const config = {
      front: 'httpapi',
      stage: 'dev',
      payload: '1.0',
      routes: ['GET /x', '$default'],
    }
    const { front, stage, payload, routes } = apiOf(config, (key) => `fn-${key}`)
    assert.deepEqual({ front, stage, payload }, { front: 'httpapi', stage: 'dev', payload: '1.0' })
    assert.deepEqual(
      routes.map(({ method, path, functionName }) => ({ method, path, functionName })),
      [
        { method: 'GET', path: '/x', functionName: 'fn-GET /x' },
        { method: 'ANY', path: '$default', functionName: 'fn-$default' },
      ],
    )
  })

  test('says what is not built yet', () => {
    assertNotBuilt({ front: 'websocket' }, 'not built yet: front websocket')
    assertNotBuilt({ front: 'rest', quota: { limit: 1 } }, 'not built yet: config quota')
    assertNotBuilt({ front: 'function-url', authType: 'MTLS' }, 'not built yet: authType MTLS')
  })

  test('throttles by the account, or by the reservation that the reason names', () => {
    const functions = [{ name: 'f', taskRoot: '/tmp' }]
    const account = appOf(functions, { throttled: 'ConcurrentInvocationLimitExceeded' }).limits
    assert.equal(account.account.maxConcurrency, 0)
    const own = appOf(functions, {
      throttled: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    }).limits
    assert.equal(own.functions['f']?.reservedConcurrency, 0)
    assert.equal(own.account.maxConcurrency, 1000)
  })
})

describe('A folder of cases', () => {
  test('is read with its repeats written out, and by topic', (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'cases-'))
    t.after(() => rmSync(dir, { recursive: true }))
    const one = { id: 'a/1', topic: 'a', kind: 'event', confidence: 'high', expected: {} }
    writeFileSync(
      join(dir, 'a.json'),
      JSON.stringify([{ ...one, input: { s: { $repeat: ['x', 3, 'y', 1] } } }]),
    )
    writeFileSync(
      join(dir, 'b.json'),
      JSON.stringify([{ ...one, id: 'b/1', topic: 'b', input: {} }]),
    )
    assert.deepEqual(
      loadCases(dir).map(({ id }) => id),
      ['a/1', 'b/1'],
    )
    assert.deepEqual(
      loadCases(dir, ['a']).map(({ input }) => input),
      [{ s: 'xxxy' }],
    )
    assert.throws(() => loadCases(dir, ['c']), {
      message: 'no case has the topic c; there are: a b',
    })
  })

  test('has its variables filled in everywhere, and unknown ones left', () => {
    assert.deepEqual(fill({ a: ['${x}-${y}'], n: 1 }, { x: '1' }), { a: ['1-${y}'], n: 1 })
  })
})

test('A REPORT line is read with all its fields', () => {
  const line =
    'REPORT RequestId: 7f\tDuration: 3000.00 ms\tBilled Duration: 3403 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 402.04 ms\tStatus: error\tError Type: Runtime.ExitError'
  assert.deepEqual(parseReport(line), {
    requestId: '7f',
    durationMs: 3000,
    billedMs: 3403,
    memorySizeMb: 128,
    maxMemoryUsedMb: 36,
    initMs: 402.04,
    status: 'error',
    errorType: 'Runtime.ExitError',
  })
})

function assertNotBuilt(config: object, message: string): void {
  assert.throws(() => apiOf(config, String), { message })
}

/** Sends to a server that notes the bytes it gets and answers 200. */
async function exchange(request: WireRequest): Promise<{ request: string; host: string }> {
  let received = ''
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      received += chunk.toString()
      if (/\r\n\r\n/.test(received)) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await send(`http://${host}`, request)
    return { request: received, host }
  } finally {
    server.close()
  }
}
