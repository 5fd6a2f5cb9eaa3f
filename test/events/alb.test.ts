import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fromAlbResult } from '../../src/events/alb-result.ts'
import { toAlbEvent } from '../../src/events/alb.ts'
import { gatewayError } from '../../src/events/gateway-errors.ts'
import { albRoute, bytes, headerValues, request } from './support.ts'

const ARN = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/0123456789abcdef'
const MULTI = albRoute({ multiValueHeaders: true })

describe('toAlbEvent', () => {
  test('has strings, and of repeats the last', () => {
    const sent = request({
      method: 'PURGE',
      target: '/a%20b//c/?x=1&x=%2B&y&__proto__=z',
      rawHeaders: ['X-A', '1', 'x-a', '2', 'Cookie', 'a=1', 'Connection', 'close', 'X-Empty', ''],
    })
    assert.deepEqual(toAlbEvent(sent, albRoute()), {
      requestContext: { elb: { targetGroupArn: ARN } },
      httpMethod: 'PURGE',
      path: '/a%20b//c/',
      queryStringParameters: { x: '%2B', y: '', ['__proto__']: 'z' },
      headers: {
        'x-a': '2',
        cookie: 'a=1',
        'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678',
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-port': '3000',
        'x-forwarded-proto': 'http',
      },
      body: '',
      isBase64Encoded: false,
    })
  })

  test('has lists instead where its target group has multi-value headers', () => {
    const rawHeaders = ['X-A', '1', 'x-a', '2', 'Content-Length', '0', 'X-Forwarded-For', '1.2.3.4']
    const event = toAlbEvent(request({ target: '/?x=1&&x=+&=', rawHeaders }), MULTI)
    assert.deepEqual(Object.keys(event).toSorted(), [
      'body',
      'httpMethod',
      'isBase64Encoded',
      'multiValueHeaders',
      'multiValueQueryStringParameters',
      'path',
      'requestContext',
    ])
    assert.deepEqual(event.multiValueQueryStringParameters, { x: ['1', '+'], '': [''] })
    assert.partialDeepStrictEqual(event.multiValueHeaders, {
      'x-a': ['1', '2'],
      'content-length': ['0'],
      'x-forwarded-for': ['1.2.3.4, 203.0.113.7'],
    })
  })

  for (const [type, encoding, isBase64Encoded] of [
    ['text/html; charset=x', undefined, false],
    ['application/json', undefined, false],
    ['application/xml', undefined, false],
    ['application/javascript', undefined, false],
    ['application/json', 'gzip', true],
    ['application/x-www-form-urlencoded', undefined, true],
    [undefined, undefined, true],
  ] as const) {
    test(`passes ${encoding ?? 'plain'} ${type ?? 'nothing known'} as ${isBase64Encoded ? 'base64' : 'text'}`, () => {
      const rawHeaders = [
        ...(type === undefined ? [] : ['Content-Type', type]),
        ...(encoding === undefined ? [] : ['Content-Encoding', encoding]),
      ]
      const event = toAlbEvent(request({ rawHeaders, body: bytes('é') }), albRoute())
      assert.deepEqual(
        [event.isBase64Encoded, event.body, event.headers?.['content-length']],
        [isBase64Encoded, isBase64Encoded ? 'w6k=' : 'é', '2'],
      )
    })
  }
})

describe('fromAlbResult', () => {
  test('needs a status code and nothing else', () => {
    assert.deepEqual(fromAlbResult({ statusCode: 200 }, request(), albRoute()), {
      ok: true,
      response: {
        status: 200,
        rawHeaders: ['Content-Type', 'application/octet-stream', 'Content-Length', '0'],
        body: '',
      },
    })
  })

  test('takes the headers of its mode alone', () => {
    const result = {
      statusCode: '201',
      statusDescription: '201 Created',
      headers: { 'content-type': 'text/plain', 'X-A': '1', Connection: 'close' },
      multiValueHeaders: { 'content-type': ['text/css'], 'Set-Cookie': ['a=1', 'b=2'], 'x-b': [] },
      body: 'é',
      isBase64Encoded: false,
    }
    const raw = (multi: boolean): unknown => {
      const translated = fromAlbResult(result, request(), multi ? MULTI : albRoute())
      return translated.ok && translated.response.rawHeaders
    }
    assert.deepEqual(raw(false), ['Content-Type', 'text/plain', 'Content-Length', '2', 'X-A', '1'])
    assert.deepEqual(raw(true), [
      'Content-Type',
      'text/css',
      'Content-Length',
      '2',
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
    ])
  })

  test('decodes base64, whatever the client accepts', () => {
    const result = { statusCode: 200, body: '/w==', isBase64Encoded: true }
    const translated = fromAlbResult(result, request(), albRoute())
    assert.ok(translated.ok)
    assert.deepEqual(Buffer.from(translated.response.body), Buffer.from([255]))
    assert.deepEqual(headerValues(translated.response, 'content-length'), ['1'])
  })

  test('takes 1 MB of JSON', () => {
    const frame = JSON.stringify({ statusCode: 200, body: '' }).length
    const result = (body: string): boolean =>
      fromAlbResult({ statusCode: 200, body }, request(), albRoute()).ok
    assert.equal(result('x'.repeat(1024 * 1024 - frame)), true)
    assert.equal(result('x'.repeat(1024 * 1024 - frame + 1)), false)
    assert.equal(result('"'.repeat(600_000)), false, 'escapes count')
  })

  for (const [result, route] of [
    [undefined, albRoute()],
    ['text', albRoute()],
    [[], albRoute()],
    [{}, albRoute()],
    [{ body: 'x' }, albRoute()],
    [{ statusCode: null }, albRoute()],
    [{ statusCode: 99 }, albRoute()],
    [{ statusCode: 200, headers: null }, albRoute()],
    [{ statusCode: 200, headers: { a: true } }, albRoute()],
    [{ statusCode: 200, headers: { a: 1 } }, albRoute()],
    [{ statusCode: 200, headers: { a: ['b'] } }, albRoute()],
    [{ statusCode: 200, multiValueHeaders: { a: 'b' } }, MULTI],
    [{ statusCode: 200, multiValueHeaders: null }, MULTI],
    [{ statusCode: 200, isBase64Encoded: null }, albRoute()],
    [{ statusCode: 200, statusDescription: null }, albRoute()],
    [{ statusCode: 200, body: { a: 1 } }, albRoute()],
    [{ statusCode: 200, body: '*', isBase64Encoded: true }, albRoute()],
    [{ statusCode: 200, headers: { 'a\nb': 'c' } }, albRoute()],
  ] as const) {
    test(`calls ${JSON.stringify(result)} malformed`, () => {
      const translated = fromAlbResult(result, request(), route)
      assert.ok(!translated.ok)
      assert.ok(translated.reason.length > 0)
    })
  }
})

describe('A load balancer’s own answer', () => {
  for (const [kind, title] of [
    ['not-found', '404 Not Found'],
    ['too-large', '413 Request Entity Too Large'],
    ['throttled', '502 Bad Gateway'],
    ['malformed', '502 Bad Gateway'],
    ['function-error', '502 Bad Gateway'],
    ['timeout', '502 Bad Gateway'],
    ['unavailable', '503 Service Temporarily Unavailable'],
  ] as const) {
    test(`to ${kind} is the page ${title}, without ids`, () => {
      const response = gatewayError('alb', kind, request())
      assert.equal(response.status, Number(title.slice(0, 3)))
      const html = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`
      assert.equal(response.body, html)
      assert.deepEqual(response.rawHeaders.slice(0, 4), [
        'Content-Type',
        'text/html',
        'Content-Length',
        String(html.length),
      ])
      const own = response.rawHeaders.filter((_, i) => i % 2 === 0).join(' ')
      assert.match(own, /^Content-Type Content-Length( Retry-After)?$/)
    })
  }
})
