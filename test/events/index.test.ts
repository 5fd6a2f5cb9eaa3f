import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { RouteContext } from '../../src/events/http.ts'
import { fromResult, toEvent } from '../../src/events/index.ts'
import { httpApiRoute, request, requests, restRoute, routes } from './support.ts'

/** The event of an HTTP API's route, changed. */
function eventOf(changes: Partial<RouteContext>): object {
  return toEvent(request(), httpApiRoute(changes))
}

describe('toEvent', () => {
  test('gives each front end its own shape', () => {
    assert.equal(Object.hasOwn(toEvent(request(), restRoute()), 'version'), false)
    assert.partialDeepStrictEqual(eventOf({}), { version: '2.0' })
    assert.partialDeepStrictEqual(eventOf({ payload: '1.0' }), { version: '1.0' })
    assert.partialDeepStrictEqual(eventOf({ front: 'function-url' }), {
      requestContext: { accountId: 'anonymous' },
    })
  })

  test('makes an event of JSON from any request on any route', () => {
    fc.assert(
      fc.property(requests, routes, (sent, route) => {
        const event = toEvent(sent, route)
        assert.deepEqual(JSON.parse(JSON.stringify(event)), event)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('fromResult', () => {
  const field = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('200', 200, 204, true, 'AA=='),
  )
  const almost = fc.record(
    {
      statusCode: field,
      headers: fc.oneof(field, fc.dictionary(fc.string(), field)),
      multiValueHeaders: fc.dictionary(fc.string(), fc.oneof(field, fc.array(field))),
      body: field,
      isBase64Encoded: field,
      cookies: fc.oneof(field, fc.array(fc.string({ unit: 'binary' }))),
    },
    { requiredKeys: [] },
  )

  test('gives a response that HTTP can carry, or a reason, for any value of JSON', () => {
    fc.assert(
      fc.property(fc.oneof(almost, fc.jsonValue()), requests, routes, (result, sent, route) => {
        const translated = fromResult(result, sent, route)
        if (!translated.ok) return assert.ok(translated.reason.length > 0)
        const { status, rawHeaders, body } = translated.response
        assert.ok(status >= 200 && status <= 999)
        for (let i = 0; i < rawHeaders.length; i += 2) {
          // The ids of a request are the listener's; here they are anything.
          if (rawHeaders[i + 1] === sent.requestId) continue
          assert.match(rawHeaders[i] ?? '', /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/)
          assert.match(rawHeaders[i + 1] ?? '', /^[\t\x20-\x7e\x80-\xff]*$/)
        }
        const at = rawHeaders.indexOf('Content-Length')
        if (at !== -1) assert.equal(rawHeaders[at + 1], String(Buffer.byteLength(body)))
      }),
      { numRuns: 1000 },
    )
  })

  test('reads a value as it reads the same value after a way through JSON', () => {
    fc.assert(
      fc.property(almost, routes, (result, route) => {
        assert.deepEqual(
          fromResult(result, request(), route),
          fromResult(JSON.parse(JSON.stringify(result)), request(), route),
        )
      }),
    )
  })
})
