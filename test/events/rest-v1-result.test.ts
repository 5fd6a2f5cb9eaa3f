import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HttpResponse } from '../../src/events/http.ts'
import { fromRestResult } from '../../src/events/rest-v1-result.ts'
import { headerValues, request, restRoute } from './support.ts'

function respond(result: unknown, route = restRoute(), accept?: string): HttpResponse {
  const rawHeaders = accept === undefined ? [] : ['accept', accept]
  const translated = fromRestResult(result, request({ rawHeaders }), route)
  assert.ok(translated.ok, translated.ok ? '' : translated.reason)
  return translated.response
}

function reason(result: unknown): string {
  const translated = fromRestResult(result, request(), restRoute())
  assert.ok(!translated.ok, 'expected the result to be called malformed')
  return translated.reason
}

describe('fromRestResult', () => {
  test('gives the headers that a REST API gives, in its spelling', () => {
    assert.deepEqual(respond({ statusCode: 201, headers: { 'x-a': 1 }, body: 'é' }), {
      status: 201,
      rawHeaders: Object.entries({
        'Content-Type': 'application/json',
        'Content-Length': '2',
        'x-amzn-RequestId': '8f14e45f-ceea-467f-a0e6-0123456789ab',
        'x-amz-apigw-id': 'jxTkX87qRn-g5gA=',
        'x-a': '1',
        'X-Amzn-Trace-Id': 'Root=1-67891233-abcdef012345678912345678',
      }).flat(),
      body: 'é',
    })
  })

  for (const [result, status] of [
    [{ body: 'x' }, 200],
    [{ statusCode: '404' }, 404],
    [{ statusCode: null, headers: null }, 200],
    [{ statusCode: 204, body: undefined, extra: undefined }, 204],
  ] as const) {
    test(`answers ${status} to ${JSON.stringify(result)}`, () => {
      assert.equal(respond(result).status, status)
    })
  }

  for (const [result, why] of [
    [{}, /the result is \{\}/],
    [{ body: undefined }, /the result is \{\}/],
    ['text', /returned "text"/],
    [null, /returned null/],
    [undefined, /returned undefined/],
    [[], /returned an array/],
    [{ statusCode: 200, cookies: [] }, /the key "cookies"/],
    [{ statusCode: 'abc' }, /statusCode: .* got: "abc"/],
    [{ statusCode: 99 }, /statusCode/],
    [{ statusCode: 101 }, /statusCode/],
    [{ statusCode: 1000 }, /statusCode/],
    [{ statusCode: 200.5 }, /statusCode/],
    [{ statusCode: true }, /statusCode/],
    [{ body: { a: 1 } }, /body: expected a string, got: an object; JSON.stringify it/],
    [{ body: Buffer.from('x') }, /body: expected a string/],
    [{ isBase64Encoded: 'maybe' }, /isBase64Encoded/],
    [{ headers: [] }, /headers: expected an object/],
    [{ headers: { a: ['x'] } }, /the value of "a" is an array/],
    [{ headers: { a: 'x\r\nset-cookie: y' } }, /"a" has characters/],
    [{ headers: { a: '\u{1f600}' } }, /"a" has characters/],
    [{ headers: { 'a b': 'x' } }, /"a b" is no name/],
    [{ headers: { '': 'x' } }, /is no name/],
    [{ headers: { 'Connection\r\n': 'x' } }, /is no name/],
    [{ multiValueHeaders: { a: 'x' } }, /multiValueHeaders: the value of "a"/],
    [{ multiValueHeaders: 1 }, /multiValueHeaders: expected an object/],
    [{ multiValueHeaders: { a: [{}] } }, /the value of "a" is an object/],
  ] as const) {
    test(`calls ${JSON.stringify(result) ?? 'undefined'} malformed and says why`, () => {
      assert.match(reason(result), why)
    })
  }

  test('sends one content type, the function’s in whatever spelling', () => {
    for (const name of ['content-type', 'CONTENT-TYPE']) {
      assert.deepEqual(headerValues(respond({ headers: { [name]: 'a/b' } }), 'content-type'), [
        'a/b',
      ])
    }
    const both = {
      headers: { 'content-type': 'a/b' },
      multiValueHeaders: { 'Content-Type': ['c/d'] },
    }
    assert.equal(headerValues(respond(both), 'content-type').length, 1)
  })

  test('merges multi-value headers with the single one of any case behind them', () => {
    const { rawHeaders } = respond({
      headers: { 'X-M': 'solo', 'x-n': null },
      multiValueHeaders: { 'x-m': ['a', true], 'x-o': null },
    })
    const at = rawHeaders.indexOf('x-m')
    assert.deepEqual(rawHeaders.slice(at, at + 6), ['x-m', 'a', 'x-m', 'true', 'x-m', 'solo'])
    assert.equal(rawHeaders.includes('x-n') || rawHeaders.includes('x-o'), false)
  })

  test('keeps set-cookie in three spellings apart', () => {
    const headers = { 'set-cookie': 'a=1', 'Set-Cookie': 'b=2', 'SET-COOKIE': 'c=3' }
    assert.deepEqual(headerValues(respond({ headers }), 'set-cookie'), ['a=1', 'b=2', 'c=3'])
  })

  test('remaps the headers that a REST API keeps for itself', () => {
    const { rawHeaders } = respond({
      headers: { 'WWW-Authenticate': 'Basic', 'content-length': '9' },
    })
    assert.equal(rawHeaders[rawHeaders.indexOf('x-amzn-Remapped-WWW-Authenticate') + 1], 'Basic')
    assert.ok(rawHeaders.includes('x-amzn-Remapped-content-length'))
    assert.ok(!rawHeaders.includes('WWW-Authenticate'))
  })

  test('lets no function say how the connection carries the response, or what its id is', () => {
    const headers = {
      'Transfer-Encoding': 'chunked',
      'Keep-Alive': '1',
      'X-Amzn-RequestId': 'mine',
    }
    const response = respond({ headers })
    assert.deepEqual(headerValues(response, 'transfer-encoding'), [])
    assert.deepEqual(headerValues(response, 'keep-alive'), [])
    assert.deepEqual(headerValues(response, 'x-amzn-requestid'), [request().requestId])
  })

  test('sends neither a body nor a length with 204 and 304', () => {
    for (const statusCode of [204, 304]) {
      const response = respond({ statusCode, body: 'x' })
      assert.equal(response.body, '')
      assert.deepEqual(headerValues(response, 'content-length'), [])
    }
  })

  test('decodes base64 only where the first type of Accept is a binary one', () => {
    const route = restRoute({ binaryMediaTypes: ['image/png', 'application/*'] })
    const result = { body: 'AAEC/w==', isBase64Encoded: true }
    const bytes = Buffer.from([0, 1, 2, 255])
    for (const accept of ['image/png', 'IMAGE/PNG;q=1, text/html', 'application/pdf']) {
      const response = respond(result, route, accept)
      assert.deepEqual(Buffer.from(response.body), bytes, accept)
      assert.deepEqual(headerValues(response, 'content-length'), ['4'])
    }
    for (const accept of ['image/*', 'text/html, image/png', '*/*', undefined]) {
      assert.equal(respond(result, route, accept).body, 'AAEC/w==', accept)
    }
    const all = restRoute({ binaryMediaTypes: ['*/*'] })
    for (const accept of ['image/png', undefined]) {
      assert.deepEqual(Buffer.from(respond(result, all, accept).body), bytes, accept)
    }
    assert.equal(respond({ ...result, isBase64Encoded: false }, all, '*/*').body, 'AAEC/w==')
  })

  test('answers 500 where base64 cannot be decoded', () => {
    const route = restRoute({ binaryMediaTypes: ['*/*'] })
    for (const body of ['not base64!', 'AAEC_w==', 'A', 'AAAAA', 'AA=A']) {
      assert.equal(respond({ body, isBase64Encoded: true }, route, 'x/y').status, 500, body)
    }
  })

  test('reads what says itself how it is written in JSON', () => {
    const date = new Date(0)
    const response = respond({ toJSON: () => ({ statusCode: 202, headers: { 'x-d': date } }) })
    assert.equal(response.status, 202)
    assert.deepEqual(headerValues(response, 'x-d'), ['1970-01-01T00:00:00.000Z'])
    assert.deepEqual(headerValues(respond({ headers: { 'x-d': date } }), 'x-d'), [date.toJSON()])
  })
})
