import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { createFront } from '../../src/http/front/front.ts'
import { nodeTurn } from '../../src/http/node-turn.ts'
import type { Answer, Turn } from '../../src/http/turn.ts'
import { realClock, virtualClock, type Clock } from '../../src/lib/clock.ts'
import { listen, type Listening } from '../../src/lib/listen.ts'
import { BOUNDS, type Bounds } from '../../src/lib/strict-server.ts'
import { connectRaw, exchangeRaw, statusesOf } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const DONE: Answer = { status: 200, rawHeaders: ['Content-Length', '4'], body: 'done' }

interface Served {
  readonly listening: Listening
  readonly port: number
  /** What our own front has read. */
  readonly own: Turn[]
  /** What node:http has. */
  readonly byNode: Turn[]
}

async function serve(
  t: TestContext,
  answer: (turn: Turn) => void = (turn) => turn.send(DONE, false),
  { clock = realClock, bounds }: { readonly clock?: Clock; readonly bounds?: Partial<Bounds> } = {},
): Promise<Served> {
  const own: Turn[] = []
  const byNode: Turn[] = []
  const answerOwn = (turn: Turn): void => {
    own.push(turn)
    answer(turn)
  }
  const front = createFront({ clock, answer: answerOwn, bounds: { ...BOUNDS, ...bounds } })
  const listening = await listen(
    {},
    (request, response) => {
      const turn = nodeTurn(request, response)
      byNode.push(turn)
      answer(turn)
    },
    front,
  )
  t.after(() => listening.close(0))
  return { listening, port: Number(new URL(listening.url).port), own, byNode }
}

describe('Our own front', () => {
  test('serves a request, and the next one on the same connection', async (t) => {
    const { port, own, byNode } = await serve(t)
    assert.deepEqual(statusesOf(await exchangeRaw(port, GET + LAST)), [200, 200])
    assert.deepEqual([own.map(({ target }) => target), byNode], [['/x', '/last'], []])
  })

  test('has one request of a connection run at a time, in their order', async (t) => {
    const { port, own } = await serve(t, () => {})
    const client = connectRaw(port)
    client.send(GET + LAST)
    await until('the first', () => own.length === 1)
    client.send('')
    own[0]?.send(DONE, false)
    await until('the second', () => own.length === 2)
    own[1]?.send(DONE, false)
    assert.deepEqual(statusesOf(await client.over), [200, 200])
  })

  test('lets nobody send without end while the first answer is awaited', async (t) => {
    const { port, own } = await serve(t, (turn) => {
      if (turn.target === '/other') turn.send(DONE, false)
    })
    const client = connectRaw(port)
    client.send(GET.repeat(800_000))
    await until('the first', () => own.length === 1)
    // The server has had time to take all of it, if it would.
    for (let i = 0; i < 20; i++) await exchangeRaw(port, '\r\n' + LAST.replace('/last', '/other'))
    assert.ok(client.socket.writableLength > 0)
    client.socket.destroy()
  })

  test('hands a request that comes slowly to node:http, which serves it', async (t) => {
    const clock = virtualClock()
    const { port, own, byNode } = await serve(t, undefined, { clock })
    const client = connectRaw(port)
    client.send(GET)
    await client.until(/done/)
    client.send(LAST.slice(0, 20))
    // It has come once its end has been answered elsewhere.
    await exchangeRaw(port, LAST)
    clock.advance(3000)
    client.send(LAST.slice(20))
    assert.deepEqual(statusesOf(await client.over), [200, 200])
    assert.deepEqual([own.length, byNode.length], [2, 1])
  })

  test('hands a large body over, and node:http serves what comes after it', async (t) => {
    const { port, byNode } = await serve(t, (turn) => {
      turn.readBody(1e6, (body) => {
        const text = String(body?.length)
        const rawHeaders = ['Content-Length', String(text.length)]
        turn.send({ status: 200, rawHeaders, body: text }, false)
      })
    })
    const body = 'x'.repeat(500_000)
    const post = `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    assert.match(await exchangeRaw(port, GET + post + LAST), /500000HTTP/)
    assert.deepEqual(
      byNode.map(({ target }) => target),
      ['/x', '/last'],
    )
  })

  test('closes a connection that has long asked for nothing', async (t) => {
    const clock = virtualClock()
    const { port } = await serve(t, undefined, { clock })
    const client = connectRaw(port)
    client.send(GET)
    await client.until(/done/)
    clock.advance(BOUNDS.keepAliveMs)
    client.send(GET)
    await client.until(/done[^]*done/)
    clock.advance(BOUNDS.keepAliveMs + 3000)
    assert.deepEqual(statusesOf(await client.over), [200, 200])
  })

  test('closes a connection after so many requests, and runs nothing after that', async (t) => {
    const { port, own } = await serve(t, undefined, { bounds: { requestsPerConnection: 3 } })
    const text = await exchangeRaw(port, GET.repeat(5))
    assert.deepEqual([statusesOf(text).length, own.length], [3, 3])
    assert.equal([...text.matchAll(/Connection: close/g)].length, 1)
  })

  test('runs nothing after an answer that closes, as while it drains', async (t) => {
    const { port, own } = await serve(t, (turn) => turn.send(DONE, true))
    assert.deepEqual(statusesOf(await exchangeRaw(port, GET + GET)), [200])
    assert.equal(own.length, 1)
  })

  test('lets go of a client that takes nothing of its answer', async (t) => {
    const over = Promise.withResolvers<boolean>()
    const body = Buffer.alloc(64 << 20)
    const answer = (turn: Turn): void => {
      turn.onOver(over.resolve)
      const rawHeaders = ['Content-Length', String(body.length)]
      turn.send({ status: 200, rawHeaders, body }, false)
    }
    const { port } = await serve(t, answer, { bounds: { stalledMs: 100 } })
    const client = connectRaw(port)
    client.socket.pause()
    client.send(GET)
    assert.equal(await over.promise, false)
    client.socket.destroy()
  })

  test('says when a client has left, and takes no answer for it', async (t) => {
    const over = Promise.withResolvers<boolean>()
    const { port, own } = await serve(t, (turn) => turn.onOver(over.resolve))
    const client = connectRaw(port)
    client.send(GET)
    await until('the request', () => own.length === 1)
    client.socket.destroy()
    assert.equal(await over.promise, false)
    assert.deepEqual([own[0]?.isUnanswered, own[0]?.takesMore], [false, false])
  })

  test('is closed when what runs is answered, and idle connections at once', async (t) => {
    const { listening, port, own } = await serve(t, (turn) => {
      if (turn.target === '/x') turn.send(DONE, false)
    })
    const [idle, busy] = [connectRaw(port), connectRaw(port)]
    idle.send(GET)
    await idle.until(/done/)
    busy.send(LAST)
    await until('the request', () => own.length === 2)
    const closed = listening.close(60_000)
    await idle.over
    assert.equal(busy.socket.closed, false)
    own[1]?.send(DONE, false)
    assert.deepEqual(statusesOf(await busy.over), [200])
    await closed
  })
})

describe('An answer leaves our own front as it leaves node:http', () => {
  const length = (body: string | Uint8Array): string[] => ['Content-Length', String(body.length)]
  const bytes = Buffer.from([0, 255, 10, 13])
  const large = Buffer.alloc(100_000, 'x')
  const answers: readonly (readonly [what: string, answer: Answer])[] = [
    ['a body of text', { status: 200, rawHeaders: length('abc'), body: 'abc' }],
    ['a body of bytes', { status: 418, rawHeaders: length(bytes), body: bytes }],
    ['a large body', { status: 200, rawHeaders: length(large), body: large }],
    ['no body', { status: 404, rawHeaders: length(''), body: '' }],
    ['text above ASCII', { status: 200, rawHeaders: ['Content-Length', '2'], body: 'ä' }],
    ['no length', { status: 200, rawHeaders: ['X-A', '1'], body: 'abc' }],
    ['204', { status: 204, rawHeaders: ['X-A', '1'], body: '' }],
    ['304', { status: 304, rawHeaders: length('abc'), body: '' }],
    ['an unknown status', { status: 599, rawHeaders: length('abc'), body: 'abc' }],
    [
      'headers above ASCII, twice, empty',
      {
        status: 200,
        rawHeaders: ['X-A', 'ä\t', 'set-cookie', 'a', 'set-cookie', 'b', 'X-E', '', ...length('')],
        body: '',
      },
    ],
    ['its own date', { status: 200, rawHeaders: ['Date', 'never', ...length('a')], body: 'a' }],
    [
      'a function that closes',
      { status: 200, rawHeaders: ['connection', 'close', ...length('a')], body: 'a' },
    ],
    ['chunks by name', { status: 200, rawHeaders: ['Transfer-Encoding', 'chunked'], body: 'abc' }],
    [
      'a disposition',
      {
        status: 200,
        rawHeaders: ['Content-Disposition', 'inline; filename="ä"', ...length('a')],
        body: 'a',
      },
    ],
  ]
  for (const [what, answer] of answers) {
    for (const method of ['GET', 'HEAD']) {
      test(`${what}, to ${method}`, async (t) => {
        const { port, own, byNode } = await serve(t, (turn) => turn.send(answer, false))
        const request = GET.replace('GET', method)
        const ours = await exchangeRaw(port, request + LAST)
        // An empty line before a request is enough for node:http to get the connection.
        const nodes = await exchangeRaw(port, `\r\n${request}${LAST}`)
        assert.equal(withoutDate(ours), withoutDate(nodes))
        assert.ok(own.length > 0 && own.length === byNode.length)
      })
    }
  }

  test('and what cannot be sent throws, and something else can be sent then', async (t) => {
    for (const rawHeaders of [
      ['X A', '1'],
      ['X-A', 'a\nb'],
      ['X-A', '€'],
    ]) {
      const { port, own } = await serve(t, (turn) => {
        assert.throws(() => turn.send({ status: 200, rawHeaders, body: '' }, false))
        turn.send(DONE, false)
      })
      assert.match(await exchangeRaw(port, LAST), /done$/)
      assert.equal(own.length, 1)
    }
  })

  test('piece by piece, with its end', async (t) => {
    const { port, own } = await serve(t, (turn) => {
      turn.begin({ status: 200, rawHeaders: ['X-A', '1'] }, false)
      turn.write(Buffer.from('abc'))
      turn.write(Buffer.from('de'))
      turn.end()
    })
    const text = await exchangeRaw(port, GET + LAST)
    assert.match(text, /\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nHTTP[^]*0\r\n\r\n$/)
    assert.equal(own.length, 2)
  })
})

function withoutDate(text: string): string {
  return text.replaceAll(/Date: \w{3}, [^\r]*\r\n/g, '')
}
