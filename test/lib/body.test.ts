import assert from 'node:assert/strict'
import { createServer, request, type ClientRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { readBody, type Body } from '../../src/lib/body.ts'

const LENGTH_MAX = 100

interface Reader {
  /** Sends one request; each piece is a chunk of its own. */
  send(pieces: readonly Uint8Array[], headers?: Record<string, string>): ClientRequest
  /** What was read of the next request. */
  next(): Promise<Body | undefined>
}

async function serve(t: TestContext): Promise<Reader> {
  let told = Promise.withResolvers<Body | undefined>()
  const server = createServer((incoming, response) => {
    let calls = 0
    readBody(incoming, LENGTH_MAX, (body) => {
      assert.equal(++calls, 1, 'told twice')
      response.end()
      told.resolve(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    send(pieces, headers = {}) {
      const out = request({ port, method: 'POST', headers, agent: false })
      out.on('error', () => {}) // A client that leaves has an error of its own.
      for (const piece of pieces) out.write(piece)
      return out
    },
    async next() {
      const body = await told.promise
      told = Promise.withResolvers()
      return body
    },
  }
}

describe('A body', () => {
  test('is read whole, in whatever pieces it comes, or else measured', async (t) => {
    const reader = await serve(t)
    const piece = fc.uint8Array({ minLength: 1, maxLength: 60, size: 'max' })
    const pieces = fc.array(piece, { minLength: 1, maxLength: 5, size: 'max' })
    await fc.assert(
      fc.asyncProperty(pieces, async (given) => {
        const whole = Buffer.concat(given)
        reader.send(given).end()
        const body = await reader.next()
        assert.equal(body?.length, whole.length)
        if (whole.length > LENGTH_MAX) assert.equal(body?.bytes, undefined)
        else assert.deepEqual(body?.bytes, whole)
      }),
      { numRuns: 50 },
    )
  })

  test('may be as long as allowed, and not a byte longer', async (t) => {
    const reader = await serve(t)
    for (const length of [LENGTH_MAX, LENGTH_MAX + 1]) {
      reader.send([Buffer.alloc(length)], { 'content-length': String(length) }).end()
      const body = await reader.next()
      assert.deepEqual(
        [body?.length, body?.bytes?.length],
        [length, length > LENGTH_MAX ? undefined : length],
      )
    }
  })

  test('that is not there is an empty one', async (t) => {
    const reader = await serve(t)
    const out = reader.send([], { 'content-length': '0' })
    out.end()
    assert.deepEqual(await reader.next(), { length: 0, bytes: Buffer.alloc(0) })
  })

  test('of a client that leaves before its end is none', async (t) => {
    const reader = await serve(t)
    const out = reader.send([Buffer.from('half')], { 'content-length': '8' })
    out.once('socket', (socket) => socket.once('connect', () => setImmediate(() => out.destroy())))
    assert.equal(await reader.next(), undefined)
  })
})
