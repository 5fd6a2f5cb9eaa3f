import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import type { Invocation, Outcome } from '../../src/invoke/invocation.ts'
import { apiOf, ruleOf, serveApi } from './serve.ts'

const FACTS = { handlerStarted: true, attempts: 1, waitedMs: 0 }
const MIB = 1024 * 1024
const URL_API = apiOf('function-url', ['$default'], { basePath: '/_url/effect' })
const ALB_API = apiOf('alb', ['ANY /*'], { route: { rule: ruleOf() } })

function ok(body: string | Uint8Array = 'done'): Outcome {
  return {
    ...FACTS,
    status: 'ok',
    result: { kind: 'http', response: { status: 200, rawHeaders: [], body } },
  }
}

const BAD_GATEWAY = `<html>\r
<head><title>502 Bad Gateway</title></head>\r
<body>\r
<center><h1>502 Bad Gateway</h1></center>\r
</body>\r
</html>\r
`

describe('A load balancer', () => {
  test('takes a body of 1 MB and answers a longer one with its page', async (t) => {
    let invocations = 0
    const served = await serveApi(t, { apis: [ALB_API], invoke: () => (invocations++, ok()) })
    const send = async (length: number): Promise<unknown> => {
      const { status, headers } = await served.send('/', {
        method: 'POST',
        body: Buffer.alloc(length),
      })
      return [status, headers['content-type']]
    }
    assert.deepEqual(await send(MIB), [200, undefined])
    assert.deepEqual(await send(MIB + 1), [413, 'text/html'])
    assert.equal(invocations, 1)
  })

  test('answers every failure of a function with the same 502', async (t) => {
    const error = { errorType: 'E', errorMessage: 'm', json: Buffer.from('{}') }
    for (const outcome of [
      { ...FACTS, status: 'function_error', error },
      { ...FACTS, status: 'timeout', error },
      { ...FACTS, status: 'malformed', reason: 'r' },
    ] satisfies Outcome[]) {
      const served = await serveApi(t, { apis: [ALB_API], invoke: () => outcome })
      const { status, headers, text } = await served.send('/')
      assert.deepEqual([status, headers['content-type'], text], [502, 'text/html', BAD_GATEWAY])
      assert.equal(headers['content-length'], '122')
    }
  })

  test('answers with its page where no rule holds', async (t) => {
    const api = apiOf('alb', ['ANY /a'], { route: { rule: ruleOf({ paths: ['/a'] }) } })
    const served = await serveApi(t, { apis: [api], invoke: () => ok() })
    const { status, headers } = await served.send('/b')
    assert.deepEqual([status, headers['content-type']], [404, 'text/html'])
  })

  test('refuses to become a WebSocket', async (t) => {
    let invocations = 0
    const served = await serveApi(t, { apis: [ALB_API], invoke: () => (invocations++, ok()) })
    const socket = connect(served.port, '127.0.0.1')
    socket.write(
      'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    assert.match(bytes.toString(), /^HTTP\/1\.1 400 Bad Request\r\n[^]*<h1>400 Bad Request<\/h1>/)
    assert.equal(invocations, 0)
  })

  test('looks at addresses as its rules say, behind a trusted proxy at the one that it names', async (t) => {
    const rule = ruleOf({ sourceIps: ['203.0.113.0/24'] })
    const served = await serveApi(t, {
      apis: [apiOf('alb', ['ANY /*'], { route: { rule } })],
      invoke: () => ok(),
      app: { trustedProxies: ['127.0.0.1'] },
    })
    const from = async (address: string): Promise<number> =>
      (await served.send('/', { headers: { 'x-forwarded-for': address } })).status
    assert.deepEqual([await from('203.0.113.9'), await from('198.51.100.1')], [200, 404])
  })

  test('names its target group, in the region and account of the app', async (t) => {
    const seen: Invocation[] = []
    const served = await serveApi(t, {
      apis: [ALB_API],
      invoke: (invocation) => (seen.push(invocation), ok()),
    })
    await served.send('/')
    const { payload } = seen[0] ?? assert.fail()
    assert.ok(payload.kind === 'http')
    assert.match(
      payload.route.targetGroupArn ?? '',
      /^arn:aws:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/shop-alb000000\/[0-9a-z]{16}$/,
    )
  })

  test('takes no streamed answer of more than 1 MB', async (t) => {
    const served = await serveApi(t, {
      apis: [ALB_API],
      invoke({ stream }) {
        stream?.start('text/plain')
        for (let n = 0; n < 5; n++) stream?.write(Buffer.alloc(MIB / 4))
        return { ...FACTS, status: 'ok', result: { kind: 'streamed' } }
      },
    })
    assert.equal((await served.send('/')).status, 502)
  })
})

describe('A Function URL', () => {
  test('shows the invocation’s own request id', async (t) => {
    const seen: Invocation[] = []
    const served = await serveApi(t, {
      apis: [URL_API, apiOf('httpapi', ['GET /x'])],
      invoke: (invocation) => (seen.push(invocation), ok()),
    })
    await served.send('/_url/effect/a')
    await served.send('/x')
    const same = seen.map(
      ({ id, payload }) => payload.kind === 'http' && payload.request.requestId === id,
    )
    assert.deepEqual(same, [true, false], 'API Gateway has ids of its own')
  })

  test('takes an event of 6 MiB, and says how large a larger one is', async (t) => {
    let invocations = 0
    const served = await serveApi(t, { apis: [URL_API], invoke: () => (invocations++, ok()) })
    const send = async (length: number, type: string): Promise<unknown> => {
      const headers = { 'content-type': type }
      const body = Buffer.alloc(length, 'x')
      const { status, text } = await served.send('/', { method: 'POST', body, headers })
      return [status, text.replace(/^(\{"Message":")\d+/, '$1N')]
    }
    const refused = [
      413,
      '{"Message":"N byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)"}',
    ]
    assert.deepEqual(await send(6 * MIB - 4096, 'text/plain'), [200, 'done'])
    assert.deepEqual(await send(6 * MIB, 'text/plain'), refused)
    assert.deepEqual(await send(4 * MIB, 'application/json'), [200, 'done'])
    assert.deepEqual(
      await send(5 * MIB, 'application/octet-stream'),
      refused,
      'base64 makes it 4/3',
    )
    assert.deepEqual(await send(11 * MIB, 'text/plain'), refused)
    assert.equal(invocations, 2)
  })

  test('that asks for a signature lets nobody in without one', async (t) => {
    const route = { authorizer: { kind: 'iam' } } as const
    const api = apiOf('function-url', ['$default'], { route })
    const served = await serveApi(t, { apis: [api], invoke: () => assert.fail() })
    const { status, headers } = await served.send('/')
    assert.deepEqual([status, headers['x-amzn-errortype']], [403, 'AccessDeniedException'])
  })

  test('that no path leads to is a 403', async (t) => {
    const other = apiOf('function-url', ['$default'], { basePath: '/_url/other', id: 'other' })
    const served = await serveApi(t, { apis: [URL_API, other], invoke: () => ok() })
    const { status, text } = await served.send('/')
    assert.deepEqual([status, text], [403, '{"Message":null}'])
  })
})

describe('A REST route that streams', () => {
  const api = apiOf('rest', ['GET /x'], { route: { responseMode: 'stream' } })
  const ask = async (
    t: Parameters<typeof serveApi>[0],
    type: string,
    bytes: Buffer,
  ): Promise<unknown> => {
    const served = await serveApi(t, {
      apis: [api],
      invoke({ stream }) {
        stream?.start(type)
        stream?.write(bytes)
        return { ...FACTS, status: 'ok', result: { kind: 'streamed' } }
      },
    })
    const { status, headers, text } = await served.send('/dev/x')
    return [status, headers['transfer-encoding'], headers['set-cookie'], text]
  }
  const TYPE = 'application/vnd.awslambda.http-integration-response'
  const PRELUDE = Buffer.from('{"statusCode":201,"cookies":["a=1","b=2"]}\0\0\0\0\0\0\0\0body')

  test('sends status, cookies and bytes as they come', async (t) => {
    assert.deepEqual(await ask(t, TYPE, PRELUDE), [201, 'chunked', ['a=1', 'b=2'], 'body'])
  })

  test('answers 500 where the stream does not begin with status and headers', async (t) => {
    const refused = [500, undefined, undefined, '{"message": "Internal server error"}']
    assert.deepEqual(await ask(t, 'text/plain', Buffer.from('text')), refused)
    assert.deepEqual(await ask(t, TYPE, Buffer.from('{"statusCode":7}\0\0\0\0\0\0\0\0')), refused)
  })
})
