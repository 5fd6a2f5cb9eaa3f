import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { toRestEvent } from '../../src/events/rest-v1.ts'
import { bytes, headerLists, request, restRoute } from './support.ts'

const proxy = restRoute({ method: 'ANY', path: '/{proxy+}' })

function forwardedFor(rawHeaders: string[]): string | undefined {
  return toRestEvent(request({ rawHeaders }), restRoute()).headers['X-Forwarded-For']
}

describe('toRestEvent', () => {
  test('gives every key, null where there is nothing', () => {
    assert.deepEqual(toRestEvent(request(), restRoute()), {
      resource: '/lead/{leadId}',
      path: '/lead/7',
      httpMethod: 'GET',
      headers: {
        Host: 'abc.example.com:3000',
        'X-Amzn-Trace-Id': 'Root=1-67891233-abcdef012345678912345678',
        'X-Forwarded-For': '203.0.113.7',
        'X-Forwarded-Port': '3000',
        'X-Forwarded-Proto': 'http',
      },
      multiValueHeaders: {
        Host: ['abc.example.com:3000'],
        'X-Amzn-Trace-Id': ['Root=1-67891233-abcdef012345678912345678'],
        'X-Forwarded-For': ['203.0.113.7'],
        'X-Forwarded-Port': ['3000'],
        'X-Forwarded-Proto': ['http'],
      },
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      pathParameters: { leadId: '7' },
      stageVariables: null,
      requestContext: {
        accountId: '123456789012',
        apiId: 'abcdefghij',
        deploymentId: toRestEvent(request(), restRoute()).requestContext.deploymentId,
        domainName: 'abc.example.com:3000',
        domainPrefix: 'abc',
        extendedRequestId: 'jxTkX87qRn-g5gA=',
        httpMethod: 'GET',
        identity: {
          accessKey: null,
          accountId: null,
          caller: null,
          cognitoAuthenticationProvider: null,
          cognitoAuthenticationType: null,
          cognitoIdentityId: null,
          cognitoIdentityPoolId: null,
          principalOrgId: null,
          sourceIp: '203.0.113.7',
          user: null,
          userAgent: null,
          userArn: null,
        },
        path: '/dev/lead/7',
        protocol: 'HTTP/1.1',
        requestId: '8f14e45f-ceea-467f-a0e6-0123456789ab',
        requestTime: '05/Jul/2026:03:04:09 +0000',
        requestTimeEpoch: Date.UTC(2026, 6, 5, 3, 4, 9, 766),
        resourceId: toRestEvent(request(), restRoute()).requestContext.resourceId,
        resourcePath: '/lead/{leadId}',
        stage: 'dev',
      },
      body: null,
      isBase64Encoded: false,
    })
  })

  for (const [target, path, pathWithStage, parameter] of [
    ['/dev/a', '/a', '/dev/a', 'a'],
    ['/a', '/a', '/dev/a', 'a'],
    ['/dev/a/', '/a/', '/dev/a/', 'a'],
    ['/dev//a', '/a', '/dev//a', 'a'],
    ['//dev/a', '/a', '/dev/a', 'a'],
    ['/dev/a//b', '/a//b', '/dev/a//b', 'a//b'],
    ['/dev/dev', '/dev', '/dev/dev', 'dev'],
    ['/devil/a', '/devil/a', '/dev/devil/a', 'devil/a'],
    ['/dev/blue%20box%zz', '/blue%20box%zz', '/dev/blue%20box%zz', 'blue%20box%zz'],
    ['http://host:1/dev/a?x', '/a', '/dev/a', 'a'],
  ] as const) {
    test(`reads ${target} with and without its stage`, () => {
      const event = toRestEvent(request({ target }), proxy)
      assert.equal(event.path, path)
      assert.equal(event.requestContext.path, pathWithStage)
      assert.deepEqual(event.pathParameters, { proxy: parameter })
    })
  }

  test('gives / for the root, and no parameters for a route without any', () => {
    const root = restRoute({ path: '/' })
    for (const target of ['/dev', '/dev/', '/']) {
      const event = toRestEvent(request({ target }), root)
      assert.equal(event.path, '/')
      assert.equal(event.pathParameters, null)
    }
  })

  test('decodes the query, a plus as a space, and keeps the last and all values', () => {
    const target = '/dev/lead/7?a=1&&a=%2B+x&b&=e&__proto__=p&c=%zz'
    const event = toRestEvent(request({ target }), restRoute())
    assert.deepEqual(Object.entries(event.queryStringParameters ?? {}), [
      ['a', '+ x'],
      ['b', ''],
      ['', 'e'],
      ['__proto__', 'p'],
      ['c', '%zz'],
    ])
    assert.deepEqual(event.multiValueQueryStringParameters?.['a'], ['1', '+ x'])
  })

  test('re-spells the names that AWS re-spells, and keeps the rest as sent', () => {
    const rawHeaders = ['hOST', 'h', 'authorization', 'a', 'user-agent', 'u', 'aCCept', '*/*']
    const { headers, requestContext } = toRestEvent(request({ rawHeaders }), restRoute())
    assert.deepEqual(Object.keys(headers).slice(0, 5).sort(), [
      'Authorization',
      'Host',
      'User-Agent',
      'X-Amzn-Trace-Id',
      'aCCept',
    ])
    assert.equal(requestContext.identity.userAgent, 'u')
  })

  test('leaves out what belongs to the connection', () => {
    const names = ['Connection', 'content-length', 'Content-MD5', 'Expect', 'Max-Forwards', 'TE']
    const more = ['Proxy-Authenticate', 'Server', 'Transfer-Encoding', 'Trailer', 'Upgrade']
    const rawHeaders = [...names, ...more, 'WWW-Authenticate'].flatMap((name) => [name, '1'])
    const { multiValueHeaders } = toRestEvent(request({ rawHeaders }), restRoute())
    assert.deepEqual(Object.keys(multiValueHeaders).sort(), [
      'X-Amzn-Trace-Id',
      'X-Forwarded-For',
      'X-Forwarded-Port',
      'X-Forwarded-Proto',
    ])
  })

  test('puts the address a request came from last in X-Forwarded-For, once', () => {
    assert.equal(forwardedFor(['x-forwarded-for', '1.1.1.1']), '1.1.1.1, 203.0.113.7')
    assert.equal(forwardedFor(['x-forwarded-for', '203.0.113.7']), '203.0.113.7')
    assert.equal(
      forwardedFor(['x-forwarded-for', '203.0.113.7', 'X-Forwarded-For', '6.6.6.6']),
      '203.0.113.7, 6.6.6.6, 203.0.113.7',
    )
  })

  test('never lets a client name the trace', () => {
    const rawHeaders = ['x-amzn-trace-id', 'Root=mine']
    const { multiValueHeaders } = toRestEvent(request({ rawHeaders }), restRoute())
    assert.deepEqual(multiValueHeaders['X-Amzn-Trace-Id'], [request().traceId])
    assert.equal(Object.hasOwn(multiValueHeaders, 'x-amzn-trace-id'), false)
  })

  test('encodes a body of a binary media type', () => {
    const route = restRoute({ binaryMediaTypes: ['image/*', 'Application/X'] })
    const bodyOf = (type: string[]): unknown => {
      const event = toRestEvent(request({ rawHeaders: type, body: bytes('hi') }), route)
      return [event.body, event.isBase64Encoded]
    }
    assert.deepEqual(bodyOf(['content-type', 'image/png; q=1']), ['aGk=', true])
    assert.deepEqual(bodyOf(['content-type', 'application/x']), ['aGk=', true])
    assert.deepEqual(bodyOf(['content-type', 'imagex/png']), ['hi', false])
    assert.deepEqual(bodyOf([]), ['hi', false])
  })

  test('shows the API key where the route asks for one, and nowhere else', () => {
    const rawHeaders = ['X-API-Key', 'key-1']
    const identityOf = (apiKeyRequired: boolean): object =>
      toRestEvent(request({ rawHeaders }), restRoute({ apiKeyRequired })).requestContext.identity
    assert.equal(Object.hasOwn(identityOf(false), 'apiKey'), false)
    assert.match(JSON.stringify(identityOf(true)), /"apiKey":"key-1","apiKeyId":"[0-9a-z]{10}"/)
  })

  test('hands out stage variables that a handler may change', () => {
    const route = restRoute({ stageVariables: { k: 'v' } })
    const first = toRestEvent(request(), route)
    if (first.stageVariables !== null) first.stageVariables['k'] = 'changed'
    assert.deepEqual(toRestEvent(request(), route).stageVariables, { k: 'v' })
  })

  test('loses no header value and no order among the values of a name', () => {
    fc.assert(
      fc.property(headerLists, (rawHeaders) => {
        const { headers, multiValueHeaders } = toRestEvent(request({ rawHeaders }), restRoute())
        for (let i = 0; i < rawHeaders.length; i += 2) {
          const name = rawHeaders[i] ?? ''
          if (/^(te|host)$/i.test(name)) continue
          const sent = rawHeaders.filter((_, j) => j % 2 === 1 && rawHeaders[j - 1] === name)
          assert.deepEqual(Object.getOwnPropertyDescriptor(multiValueHeaders, name)?.value, sent)
          assert.equal(Object.getOwnPropertyDescriptor(headers, name)?.value, sent.at(-1))
        }
      }),
    )
  })

  test('loses no byte of a body that is UTF-8, nor of any body in base64', () => {
    const binary = restRoute({ binaryMediaTypes: ['*/*'] })
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 200, size: 'max' }),
        (text) => {
          const body = bytes(text)
          const event = toRestEvent(request({ body }), restRoute())
          assert.deepEqual(bytes(event.body ?? ''), body)
        },
      ),
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200, size: 'max' }), (body) => {
        const event = toRestEvent(request({ body }), binary)
        assert.deepEqual(new Uint8Array(Buffer.from(event.body ?? '', 'base64')), body)
      }),
    )
  })
})
