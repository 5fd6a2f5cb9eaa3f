import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { listen, type Front, type Listening } from '../../src/lib/listen.ts'
import { connectRaw } from '../support/raw-client.ts'
import { startReading, type Ran } from './doors.ts'

/** `FRONT_RUNS=1000000 node --test test/http/front.property.test.ts` looks longer. */
const RUNS = Number(process.env['FRONT_RUNS'] ?? 20_000)
const AFTER = 'GET /after HTTP/1.1\r\nHost: a\r\n\r\n'

const NAMES = [
  'X-A',
  'Accept',
  'Cookie',
  'x-b',
  'Content-Type',
  'X-Forwarded-For',
  'te',
  '__proto__',
]
const TEXTS = ['', '1', 'a b', 'a,b', '\xe4', '"q"', 'x'.repeat(300), 'a:b', 'Root=1-2']
const FRAMINGS: readonly string[] = [
  'Content-Length: 3',
  'Content-Length: 0',
  'content-length: 5',
  'Content-Length: 03',
  'Content-Length: 3, 3',
  'Content-Length: +3',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: identity',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: keep-alive, X-A',
  'Connection: X-A, close',
  'Proxy-Connection: close',
  'Keep-Alive: timeout=5',
  'Expect: 100-continue',
  'Upgrade: h2c',
  'Connection: Upgrade',
  'Host: a',
  'Host: b',
  'Trailer: X-A',
]
const ODD_LINES = [
  'Host: a/b',
  'host:',
  'Expect: 200-ok',
  'X-A : 1',
  'X A: 1',
  ': 1',
  'X-A',
  ' folded',
  'X-A: 1\n2',
  'X-A: 1\x002',
  'X-A: 1\r2',
  'X-\xe4: 1',
]
const TARGETS = [
  '/',
  '/x',
  '/a/b?c=d&c=%20',
  '//x',
  '/a;b',
  '/a#b',
  '/%zz',
  '*',
  'http://a/x',
  '/"',
  '/\xe4',
  '/a|b',
]
const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PURGE', 'get']
const BODIES = [
  '',
  'abc',
  'abcde',
  '3\r\nabc\r\n0\r\n\r\n',
  '0\r\n\r\n',
  'GET /in-body HTTP/1.1\r\nHost: a\r\n\r\n',
]
/** What parsers have been known to disagree on. */
const BITS = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '0',
  '3',
  '\x7f',
  '\x80',
  '\x0b',
  '\r\n ',
  '\n\r\n',
  'chunked',
  '\r\n\r\n',
]

const field = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...TEXTS))
  .map(([name, text]) => `${name}: ${text}`)
const framing = fc.constantFrom(...FRAMINGS)
/** What our own front reads, unless something happens to it. */
const plain = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'DELETE'),
    fc.array(fc.oneof(field, fc.constant('Connection: keep-alive')), { maxLength: 3 }),
    fc.constantFrom('', 'abc'),
  )
  .map(([method, lines, body]) => {
    const length = body === '' ? [] : [`Content-Length: ${body.length}`]
    return `${[`${method} /plain HTTP/1.1`, 'Host: a', ...lines, ...length].join('\r\n')}\r\n\r\n${body}`
  })
/** The same with one line too many. */
const near = fc
  .tuple(plain, fc.constantFrom(...FRAMINGS, ...ODD_LINES), fc.boolean())
  .map(([text, line, atEnd]) => {
    const at = atEnd ? text.indexOf('\r\n\r\n') : text.indexOf('\r\n')
    return `${text.slice(0, at)}\r\n${line}${text.slice(at)}`
  })
const any = fc
  .tuple(
    fc.constantFrom(...METHODS),
    fc.constantFrom(...TARGETS),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0'),
    fc.array(fc.oneof(field, framing), { maxLength: 5 }),
    fc.constantFrom(...BODIES),
  )
  .map(
    ([method, target, version, lines, body]) =>
      `${[`${method} ${target} ${version}`, 'Host: a', ...lines].join('\r\n')}\r\n\r\n${body}`,
  )
/** Anywhere alike: numbers of fast-check are otherwise mostly small. */
const place = fc.noBias(fc.integer({ min: 0, max: 0x7fff_ffff }))
const mutation = fc.record({
  at: place,
  cut: fc.constantFrom(0, 0, 1, 2),
  bit: fc.constantFrom('', ...BITS),
})
const bytes = fc
  .tuple(
    fc.array(fc.oneof({ weight: 2, arbitrary: plain }, near, any), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.oneof(fc.constant([]), fc.array(mutation, { maxLength: 2 })),
  )
  .map(([requests, mutations]) => {
    let text = requests.join('')
    for (const { at, cut, bit } of mutations) {
      const from = at % text.length
      text = text.slice(0, from) + bit + text.slice(from + cut)
    }
    return text + AFTER
  })
/** Where the bytes are cut into pieces. */
const cuts = fc.array(place, { maxLength: 2 })

/** A connection without a network: as much of a socket as HTTP needs. */
class Pipe extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  readonly localPort = 80
  text = ''
  override _read(): void {}
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString('latin1')
    done()
  }
  setTimeout(): this {
    return this
  }
  destroySoon(): void {
    this.end(() => this.destroy())
  }
}

/** What is known of a connection once all was sent: its answers, what was run, and whether it is closed. */
interface Seen {
  readonly ran: readonly Ran[]
  readonly text: string
  readonly closed: boolean
}

interface Server {
  readonly listening: Listening
  readonly reading: ReturnType<typeof startReading>
}

async function open(t: TestContext, hasFront: boolean): Promise<Server> {
  const reading = startReading()
  const front: Front | undefined = hasFront ? reading.front : undefined
  const listening = await listen({}, reading.listener, front)
  t.after(() => listening.close(0))
  return { listening, reading }
}

/** A turn of the loop: what was to be done at once is done. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

async function see({ listening, reading }: Server, pieces: readonly Buffer[]): Promise<Seen> {
  const pipe = new Pipe({ allowHalfOpen: true })
  reading.ran.length = 0
  listening.server.emit('connection', pipe)
  for (const piece of pieces) {
    pipe.push(piece)
    await turn()
  }
  await turn()
  await turn()
  const closed = pipe.writableEnded || pipe.destroyed
  const seen = {
    ran: [...reading.ran],
    text: lasting(pipe.text),
    closed,
  }
  pipe.destroy()
  return seen
}

/** Without the date, and without asking for a body that is known to be broken by then, or is not yet. */
function lasting(text: string): string {
  return text.replaceAll(/Date: [^\r]*\r\n|HTTP\/1\.1 100 Continue\r\n\r\n(?=HTTP\/1\.1 400)/g, '')
}

function piecesOf(text: string, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((each) => each % text.length).toSorted((a, b) => a - b)]
  return at
    .map((from, i) => Buffer.from(text.slice(from, at[i + 1]), 'latin1'))
    .filter(({ length }) => length > 0)
}

describe('Our own front', () => {
  test(`reads the same as node:http or hands over: ${RUNS} connections`, async (t) => {
    const [own, node] = [await open(t, true), await open(t, false)]
    let connections = 0
    let byBoth = 0
    await fc.assert(
      fc.asyncProperty(bytes, cuts, async (text, places) => {
        const before = own.reading.ownCount()
        const pieces = piecesOf(text, places)
        const seen = await see(own, pieces)
        assert.deepEqual(seen, await see(node, pieces))
        connections++
        if (own.reading.ownCount() - before > 0) byBoth++
      }),
      { numRuns: RUNS },
    )
    // A comparison of node:http with itself would find nothing.
    assert.ok(byBoth > connections / 4, `it has read of ${byBoth} of ${connections}`)
  })

  test('does so on sockets too', async (t) => {
    const [own, node] = [await open(t, true), await open(t, false)]
    const over = async (
      { listening, reading }: Server,
      pieces: readonly Buffer[],
    ): Promise<Seen> => {
      reading.ran.length = 0
      const client = connectRaw(Number(new URL(listening.url).port))
      for (const piece of pieces) {
        client.send(piece.toString('latin1'))
        await turn()
      }
      // Whether a body is asked for depends on whether it has come by then.
      const text = lasting(await client.over).replaceAll('HTTP/1.1 100 Continue\r\n\r\n', '')
      return { ran: [...reading.ran], text, closed: true }
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(plain, { minLength: 1, maxLength: 4 }),
        any,
        cuts,
        async (all, odd, places) => {
          // Whatever it is, the last of these closes the connection.
          const last = AFTER.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
          const text =
            all.join('') +
            odd.replace('Content-Length: 5', 'Content-Length: 3') +
            last +
            '\r\n\r\nX\r\n\r\n'
          const pieces = piecesOf(text, places)
          assert.deepEqual(await over(own, pieces), await over(node, pieces))
        },
      ),
      { numRuns: Math.ceil(RUNS / 100) },
    )
  })
})
