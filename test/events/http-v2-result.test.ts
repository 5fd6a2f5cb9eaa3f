import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HttpResponse, RouteContext } from '../../src/events/http.ts'
import { fromHttpApiResult, fromHttpApiV1Result } from '../../src/events/http-v2-result.ts'
import { headerValues, httpApiRoute, request } from './support.ts'

function respond(
  result: unknown,
  route: RouteContext = httpApiRoute(),
  translate: typeof fromHttpApiResult = fromHttpApiResult,
): HttpResponse {
  const translated = translate(result, request(), route)
  assert.ok(translated.ok, translated.ok ? '' : translated.reason)
  return translated.response
}

/** The type of a body that the function gave none. */
function typeOf(route: RouteContext): string[] {
  return headerValues(respond({ statusCode: 200, body: 'x' }, route), 'content-type')
}

describe('fromHttpApiResult', () => {
  for (const [result, body] of [
    [{ hello: 'world' }, '{"hello":"world"}'],
    [{ body: 'x' }, '{"body":"x"}'],
    [{ statusCode: null, a: 1 }, '{"statusCode":null,"a":1}'],
    ['plain é', 'plain é'],
    ['{"a":1}', '{"a":1}'],
    [3.1, '3.1'],
    [true, 'true'],
    [['a', 3], '["a",3]'],
    [null, 'null'],
    [undefined, 'null'],
  ] as const) {
    test(`takes ${JSON.stringify(result) ?? 'undefined'} for the whole body`, () => {
      const response = respond(result)
      assert.equal(response.status, 200)
      assert.equal(response.body, body)
      assert.deepEqual(headerValues(response, 'content-type'), ['application/json'])
      assert.deepEqual(headerValues(response, 'content-length'), [String(Buffer.byteLength(body))])
    })
  }

  test('carries the gateway’s id on every response', () => {
    assert.deepEqual(respond({ statusCode: 200 }).rawHeaders.slice(-2), [
      'Apigw-Requestid',
      'jxTkX87qRn-g5gA=',
    ])
  })

  test('calls a body without a type text, and a Function URL calls it JSON', () => {
    const url = httpApiRoute({ front: 'function-url' })
    assert.deepEqual(typeOf(httpApiRoute()), ['text/plain;charset=UTF-8'])
    assert.deepEqual(typeOf(url), ['application/json'])
  })

  test('sends one Set-Cookie for each cookie, in place of the headers’ own', () => {
    const headers = { 'set-cookie': 'old=1', 'x-a': 'a', 'Set-Cookie': 'old=2' }
    const response = respond({ statusCode: 200, headers, cookies: ['a=1; Path=/', 'b=2'] })
    assert.deepEqual(headerValues(response, 'set-cookie'), ['a=1; Path=/', 'b=2'])
    assert.deepEqual(headerValues(response, 'x-a'), ['a'])
    const own = respond({ statusCode: 200, headers, cookies: [] })
    assert.deepEqual(headerValues(own, 'set-cookie'), ['old=1', 'old=2'])
  })

  test('decodes base64 whatever the client accepts', () => {
    const response = respond({ statusCode: '200', body: 'iVBORw==', isBase64Encoded: true })
    assert.deepEqual(Buffer.from(response.body), Buffer.from('iVBORw==', 'base64'))
    assert.deepEqual(headerValues(response, 'content-length'), ['4'])
  })

  test('lets no function say how long the response is', () => {
    const headers = { 'content-length': '999', 'transfer-encoding': 'chunked', Connection: 'close' }
    const response = respond({ statusCode: 200, headers, body: 'x' })
    assert.deepEqual(headerValues(response, 'content-length'), ['1'])
    assert.deepEqual(headerValues(response, 'transfer-encoding'), [])
    assert.deepEqual(headerValues(response, 'connection'), [])
  })

  for (const [result, why] of [
    [{ statusCode: 'x' }, /statusCode/],
    [{ statusCode: 0 }, /statusCode/],
    [{ statusCode: 200, headers: { a: ['x'] } }, /the value of "a" is an array/],
    [{ statusCode: 200, headers: 'x' }, /headers: expected an object/],
    [{ statusCode: 200, headers: { a: 'b\nc' } }, /characters/],
    [{ statusCode: 200, cookies: 'a=1' }, /cookies: expected an array/],
    [{ statusCode: 200, cookies: [1] }, /cookies: expected strings, got: 1/],
    [{ statusCode: 200, cookies: ['a\r\nb'] }, /characters/],
    [{ statusCode: 200, body: {} }, /body: expected a string/],
    [{ statusCode: 200, body: '!', isBase64Encoded: true }, /not base64/],
    [{ statusCode: 200, isBase64Encoded: {} }, /isBase64Encoded/],
  ] as const) {
    test(`calls ${JSON.stringify(result)} malformed and says why`, () => {
      const translated = fromHttpApiResult(result, request(), httpApiRoute())
      assert.ok(!translated.ok)
      assert.match(translated.reason, why)
    })
  }

  test('throws for what is no JSON, as the runtime would', () => {
    assert.throws(() => fromHttpApiResult({ n: 1n }, request(), httpApiRoute()), TypeError)
  })
})

describe('fromHttpApiV1Result', () => {
  const route = httpApiRoute({ payload: '1.0' })

  test('infers nothing', () => {
    for (const result of [{ body: 'x' }, 'text', null, [], {}]) {
      assert.equal(fromHttpApiV1Result(result, request(), route).ok, false)
    }
  })

  test('merges multi-value headers and remaps none', () => {
    const result = {
      statusCode: 401,
      headers: { 'WWW-Authenticate': 'Basic' },
      multiValueHeaders: { 'x-m': ['a', 'b'] },
    }
    const response = respond(result, route, fromHttpApiV1Result)
    assert.deepEqual(headerValues(response, 'www-authenticate'), ['Basic'])
    assert.deepEqual(headerValues(response, 'x-m'), ['a', 'b'])
  })
})
