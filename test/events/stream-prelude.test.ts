import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { fromResult } from '../../src/events/index.ts'
import { createPreludeReader, toStreamHead, WITH_PRELUDE } from '../../src/events/stream-prelude.ts'
import { httpApiRoute, request } from './support.ts'

const DELIMITER = Buffer.alloc(8)
const ID = '8f9d2b1c-0000-4000-8000-000000000000'
const REQUEST = { requestId: ID, traceId: 'Root=1-2-3' }
const URL_FRONT = { front: 'function-url' } as const

/** What a reader makes of these pieces: the prelude's text and all of the body. */
function read(pieces: readonly Uint8Array[]): { text: string; body: Buffer } | string | undefined {
  const reader = createPreludeReader()
  let text: string | undefined
  const body: Uint8Array[] = []
  for (const piece of pieces) {
    if (text !== undefined) {
      body.push(piece)
      continue
    }
    const found = reader.push(piece)
    if (found === undefined) continue
    if ('reason' in found) return found.reason
    text = found.value.text
    body.push(piece.subarray(found.value.bodyAt))
  }
  return text === undefined ? undefined : { text, body: Buffer.concat(body) }
}

function reasonOf(pieces: readonly Uint8Array[]): string {
  const found = read(pieces)
  return typeof found === 'string' ? found : ''
}

/** These bytes in pieces that end at these places. */
function cut(bytes: Buffer, ends: readonly number[]): Buffer[] {
  const places = [
    0,
    ...ends.map((end) => end % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ]
  return places.slice(1).map((end, at) => bytes.subarray(places[at], end))
}

describe('The prelude of a stream', () => {
  test('is found wherever its bytes are cut, and the body after it is whole', () => {
    const prelude = fc.json({ depthSize: 'max', maxDepth: 3 })
    // NUL bytes at its beginning are body, not more of the delimiter.
    const body = fc.uint8Array({ size: 'max', maxLength: 40 })
    const ends = fc.array(fc.nat(), { maxLength: 12, size: 'max' })
    fc.assert(
      fc.property(prelude, fc.nat({ max: 9 }), body, ends, (text, zeros, rest, places) => {
        const after = Buffer.concat([Buffer.alloc(zeros), rest])
        const bytes = Buffer.concat([Buffer.from(text), DELIMITER, after])
        assert.deepEqual(read(cut(bytes, places)), { text, body: after })
      }),
      { numRuns: 500 },
    )
    const bytes = Buffer.concat([Buffer.from('{"ä":1}'), DELIMITER, Buffer.from('x')])
    const whole = { text: '{"ä":1}', body: Buffer.from('x') }
    for (let end = 0; end <= bytes.length; end++) assert.deepEqual(read(cut(bytes, [end])), whole)
    assert.deepEqual(read([...bytes].map((byte) => Buffer.of(byte))), whole)
  })

  test('is none while its end is missing, and no longer taken for one where that cannot come', () => {
    assert.equal(read([Buffer.from('{}'), Buffer.alloc(7)]), undefined)
    assert.match(reasonOf([Buffer.from('{}\0\0\0x')]), /too few NUL/)
    assert.match(reasonOf([Buffer.from('{}\0\0\0'), Buffer.from('\0x')]), /too few NUL/)
    const endless = Array.from({ length: 5 }, () => Buffer.alloc(64 * 1024, 'x'))
    assert.match(reasonOf(endless), /has no end/)
  })

  test('gives status, headers and cookies; what it does not know is ignored', () => {
    const prelude = { statusCode: 418, headers: { 'X-A': 1 }, cookies: ['a=1', 'b=2'], status: 500 }
    const head = toStreamHead(JSON.stringify(prelude), WITH_PRELUDE, REQUEST, URL_FRONT)
    assert.deepEqual(head, {
      value: {
        status: 418,
        rawHeaders: [
          'Content-Type',
          'application/octet-stream',
          'x-amzn-RequestId',
          ID,
          'X-A',
          '1',
          'Set-Cookie',
          'a=1',
          'Set-Cookie',
          'b=2',
          'X-Amzn-Trace-Id',
          'Root=1-2-3',
        ],
      },
    })
    const statusOf = (text: string): unknown => {
      const found = toStreamHead(text, WITH_PRELUDE, REQUEST, URL_FRONT)
      return 'value' in found ? found.value.status : found.reason
    }
    assert.equal(statusOf('{"status":418}'), 200)
    assert.equal(statusOf('{"statusCode":"201"}'), 201)
    assert.match(String(statusOf('{"statusCode":42}')), /^statusCode: expected/)
    assert.match(String(statusOf('[]')), /expected a JSON object/)
    assert.match(String(statusOf('nonsense')), /expected a JSON object/)
    assert.match(String(statusOf('{"headers":{"a b":"c"}}')), /no name of an HTTP header/)
  })

  test('of a REST API may give several values for a header, and cookies', () => {
    const prelude = { headers: { a: '1' }, multiValueHeaders: { b: ['2', '3'] }, cookies: ['c=4'] }
    const head = toStreamHead(JSON.stringify(prelude), WITH_PRELUDE, REQUEST, { front: 'rest' })
    assert.ok('value' in head)
    const own = head.value.rawHeaders.slice(6, -2)
    assert.deepEqual(own, ['b', '2', 'b', '3', 'a', '1', 'Set-Cookie', 'c=4'])
  })

  test('is what a REST API that streams cannot do without', () => {
    const rest = { front: 'rest', streams: true } as const
    const head = toStreamHead(undefined, 'text/plain', REQUEST, rest)
    assert.ok('reason' in head)
    assert.match(head.reason, /expects status and headers first/)
    assert.ok('value' in toStreamHead('{}', WITH_PRELUDE, REQUEST, rest))
  })

  test('is not needed: then it is 200, and of the type of the stream', () => {
    const head = toStreamHead(undefined, 'text/event-stream', REQUEST, { front: 'httpapi' })
    assert.ok('value' in head)
    assert.deepEqual(
      [head.value.status, head.value.rawHeaders.slice(0, 2)],
      [200, ['Content-Type', 'text/event-stream']],
    )
  })
})

describe('A result where a stream is expected', () => {
  test('is the body as it is, with its statusCode and all', () => {
    const route = { ...httpApiRoute(), front: 'function-url', streams: true } as const
    for (const result of [{ statusCode: 404, body: 'x' }, 'text', null, undefined]) {
      const translated = fromResult(result, request(), route)
      assert.ok(translated.ok)
      const { status, rawHeaders, body } = translated.response
      const json = JSON.stringify(result) ?? 'null'
      assert.deepEqual([status, body], [200, json])
      assert.equal(rawHeaders[rawHeaders.indexOf('Content-Length') + 1], String(json.length))
    }
  })
})
