import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { toFunctionUrlEvent, toHttpApiEvent } from '../../src/events/http-v2.ts'
import { bytes, headerLists, httpApiRoute, request } from './support.ts'

describe('toHttpApiEvent', () => {
  test('gives no key to what is not there', () => {
    const event = toHttpApiEvent(
      request({ target: '/', rawHeaders: ['host', 'h.x'] }),
      httpApiRoute(),
    )
    assert.deepEqual(event, {
      version: '2.0',
      routeKey: '$default',
      rawPath: '/',
      rawQueryString: '',
      headers: {
        'content-length': '0',
        host: 'h.x',
        'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678',
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-port': '3000',
        'x-forwarded-proto': 'http',
      },
      requestContext: {
        accountId: '123456789012',
        apiId: 'abcdefghij',
        domainName: 'h.x',
        domainPrefix: 'h',
        http: {
          method: 'GET',
          path: '/',
          protocol: 'HTTP/1.1',
          sourceIp: '203.0.113.7',
          userAgent: '',
        },
        requestId: 'jxTkX87qRn-g5gA=',
        routeKey: '$default',
        stage: '$default',
        time: '05/Jul/2026:03:04:09 +0000',
        timeEpoch: Date.UTC(2026, 6, 5, 3, 4, 9, 766),
      },
      isBase64Encoded: false,
    })
  })

  test('decodes the path and its parameters, and keeps a named stage in the path', () => {
    const route = httpApiRoute({ stage: 'dev', method: 'GET', path: '/a b/{id}/{rest+}' })
    const event = toHttpApiEvent(request({ target: '/dev/a%20b/x%2Fy/p%zz/q?x=1' }), route)
    assert.equal(event.rawPath, '/dev/a b/x/y/p%zz/q')
    assert.equal(event.requestContext.http.path, event.rawPath)
    assert.equal(event.routeKey, 'GET /a b/{id}/{rest+}')
    assert.deepEqual(event.pathParameters, { id: 'x/y', rest: 'p%zz/q' })
  })

  test('keeps the query as sent, and joins decoded repeats by commas', () => {
    const target = '/?foo=1&foo&foo=2&b=%2B+&__proto__=x&__proto__=y&constructor=c'
    const event = toHttpApiEvent(request({ target }), httpApiRoute())
    assert.equal(event.rawQueryString, target.slice(2))
    assert.deepEqual(Object.entries(event.queryStringParameters ?? {}), [
      ['foo', '1,,2'],
      ['b', '+ '],
      ['__proto__', 'x,y'],
      ['constructor', 'c'],
    ])
  })

  test('moves cookies out of the headers', () => {
    const rawHeaders = ['Cookie', 'a=1; b=2;', 'cookie', ' c=3']
    const event = toHttpApiEvent(request({ rawHeaders }), httpApiRoute())
    assert.deepEqual(event.cookies, ['a=1', 'b=2', 'c=3'])
    assert.equal(Object.hasOwn(event.headers, 'cookie'), false)
  })

  test('drops what belongs to the connection, and shows a length for a chunked body', () => {
    const rawHeaders = [
      'Connection',
      'keep-alive',
      'Transfer-Encoding',
      'chunked',
      'Keep-Alive',
      '5',
    ]
    const { headers } = toHttpApiEvent(request({ rawHeaders, body: bytes('é') }), httpApiRoute())
    assert.deepEqual(Object.keys(headers).sort(), [
      'content-length',
      'x-amzn-trace-id',
      'x-forwarded-for',
      'x-forwarded-port',
      'x-forwarded-proto',
    ])
    assert.equal(headers['content-length'], '2')
  })

  for (const [type, isBase64] of [
    ['application/json', false],
    ['Application/JSON; charset=utf-8', false],
    ['text/csv', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['application/vnd.api+json', true],
    ['application/x-www-form-urlencoded', true],
    ['multipart/form-data; boundary=x', true],
    [undefined, true],
  ] as const) {
    test(`passes a body of ${type ?? 'no type'} as ${isBase64 ? 'base64' : 'text'}`, () => {
      const rawHeaders = type === undefined ? [] : ['content-type', type]
      const event = toHttpApiEvent(request({ rawHeaders, body: bytes('hi') }), httpApiRoute())
      assert.equal(event.isBase64Encoded, isBase64)
      assert.equal(event.body, isBase64 ? 'aGk=' : 'hi')
    })
  }

  test('has stage variables only where the stage has some', () => {
    const route = httpApiRoute({ stageVariables: { k: 'v' } })
    assert.deepEqual(toHttpApiEvent(request(), route).stageVariables, { k: 'v' })
    assert.equal(Object.hasOwn(toHttpApiEvent(request(), httpApiRoute()), 'stageVariables'), false)
  })

  test('loses no header value and no order', () => {
    fc.assert(
      fc.property(headerLists, (rawHeaders) => {
        const { headers } = toHttpApiEvent(request({ rawHeaders }), httpApiRoute())
        for (let i = 0; i < rawHeaders.length; i += 2) {
          const name = rawHeaders[i]?.toLowerCase() ?? ''
          if (name === 'te') continue
          const sent = rawHeaders.filter(
            (_, j) => j % 2 === 1 && rawHeaders[j - 1]?.toLowerCase() === name,
          )
          assert.equal(Object.getOwnPropertyDescriptor(headers, name)?.value, sent.join(','))
        }
      }),
    )
  })
})

describe('toFunctionUrlEvent', () => {
  test('keeps the path as sent and decodes it in the context', () => {
    const route = httpApiRoute({ front: 'function-url' })
    const event = toFunctionUrlEvent(request({ target: '/blue%20box/%2Fth%2' }), route)
    assert.equal(event.rawPath, '/blue%20box/%2Fth%2')
    assert.equal(event.requestContext.http.path, '/blue box//th%2')
  })

  test('keeps the cookie header beside the cookies, and calls the caller anonymous', () => {
    const route = httpApiRoute({ front: 'function-url' })
    const event = toFunctionUrlEvent(request({ rawHeaders: ['Cookie', 'a=1; b=2'] }), route)
    assert.deepEqual(event.cookies, ['a=1', 'b=2'])
    assert.equal(event.headers['cookie'], 'a=1; b=2')
    assert.equal(event.requestContext.accountId, 'anonymous')
    assert.equal(event.requestContext.requestId, request().requestId)
    assert.equal(event.requestContext.domainPrefix, event.requestContext.apiId)
  })
})
