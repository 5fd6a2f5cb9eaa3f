import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { readBody } from '../../src/lib/body.ts'
import { BOUNDS, createStrictServer, type Bounds } from '../../src/lib/strict-server.ts'
import { connectRaw, exchangeRaw, statusesOf } from '../support/raw-client.ts'

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'

/** The bounds of real clients, a hundredth of the time. */
const BRIEF: Bounds = { ...BOUNDS, checkMs: 20, headersTimeoutMs: 60, requestTimeoutMs: 200 }

const echo: RequestListener = (request, response) => {
  readBody(request, 1e6, (body) => {
    if (body !== undefined) response.end(`you said ${body.length}`)
  })
}

async function open(
  t: TestContext,
  bounds: Partial<Bounds>,
  listener: RequestListener = echo,
): Promise<number> {
  const server = createStrictServer(listener, { bounds: { ...BRIEF, ...bounds } })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

describe('A slow client', () => {
  for (const sent of ['', 'GET /x HT', 'GET /x HTTP/1.1\r\nHost: a\r\nX-A: ']) {
    test(`is told so when its headers do not end: ${JSON.stringify(sent)}`, async (t) => {
      const port = await open(t, {})
      assert.deepEqual(statusesOf(await exchangeRaw(port, sent)), [408])
    })
  }

  test('is told so when its body does not end, after the answer to what came before', async (t) => {
    const port = await open(t, {})
    const body = 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc'
    const text = await exchangeRaw(port, GET + body)
    assert.deepEqual(statusesOf(text), [200, 408])
  })

  test('may take longer than that between its requests', async (t) => {
    const port = await open(t, { keepAliveMs: 10_000 })
    const client = connectRaw(port)
    client.send(GET)
    await client.until(/you said 0/)
    // Two sweeps of the clock that would have ended it, seen by somebody else.
    await exchangeRaw(port, '')
    await exchangeRaw(port, '')
    client.send(GET)
    await client.until(/you said 0[^]*you said 0/)
    client.socket.destroy()
  })

  test('loses a connection on which it asks for nothing more', async (t) => {
    const port = await open(t, { keepAliveMs: 20 })
    assert.deepEqual(statusesOf(await exchangeRaw(port, GET)), [200])
  })

  test('loses its connection when it takes nothing of its answer', async (t) => {
    const closed = Promise.withResolvers<boolean>()
    const port = await open(t, { stalledMs: 100 }, (_, response) => {
      response.on('close', () => closed.resolve(response.writableFinished))
      response.end(Buffer.alloc(64 << 20))
    })
    const client = connectRaw(port)
    client.socket.pause()
    client.send(GET)
    assert.equal(await closed.promise, false)
    client.socket.destroy()
  })

  test('does not lose it while a function works for it', async (t) => {
    let timeouts = 0
    const port = await open(t, { stalledMs: 30 }, (request, response) => {
      // Answered when the clock has run out twice.
      request.socket.on('timeout', () => ++timeouts === 2 && response.end('late'))
      request.socket.on('timeout', () => request.socket.setTimeout(30))
    })
    const client = connectRaw(port)
    client.send(GET)
    await client.until(/late/)
    client.socket.destroy()
  })

  test('and five hundred like it keep nobody else from being served', async (t) => {
    const port = await open(t, { headersTimeoutMs: 5000, requestTimeoutMs: 5000 })
    const slow = Array.from({ length: 500 }, () => connectRaw(port))
    for (const client of slow) client.send('GET /x HTTP/1.1\r\nHost: a\r\nX-A: ')
    assert.deepEqual(
      statusesOf(await exchangeRaw(port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))),
      [200],
    )
    assert.ok(slow.every(({ socket }) => !socket.closed))
    for (const { socket } of slow) socket.destroy()
  })
})

describe('A connection', () => {
  test('serves so many requests, and says with the last answer that it is the last', async (t) => {
    const port = await open(t, { requestsPerConnection: 3 })
    const text = await exchangeRaw(port, GET.repeat(5))
    assert.deepEqual(statusesOf(text), [200, 200, 200])
    assert.equal([...text.matchAll(/connection: close/gi)].length, 1)
  })

  test('that asks for more than a hundred things at once is closed after them', async (t) => {
    const port = await open(t, {})
    const answers = statusesOf(await exchangeRaw(port, GET.repeat(110)))
    assert.deepEqual(answers, [...Array.from({ length: 101 }, () => 200), 400])
  })

  test('runs its requests one after the other', async (t) => {
    let running = 0
    let most = 0
    const port = await open(t, {}, (_, response) => {
      most = Math.max(most, ++running)
      setImmediate(() => {
        running--
        response.end('done')
      })
    })
    const client = connectRaw(port)
    client.send(GET.repeat(3))
    await client.until(/(?:done[^]*){3}/)
    client.socket.destroy()
    assert.equal(most, 1)
  })
})
