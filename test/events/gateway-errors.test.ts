import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gatewayError } from '../../src/events/gateway-errors.ts'
import { headerValues, request } from './support.ts'

describe('gatewayError', () => {
  for (const [front, kind, status, body, errorType] of [
    [
      'rest',
      'not-found',
      403,
      '{"message":"Missing Authentication Token"}',
      'MissingAuthenticationTokenException',
    ],
    ['rest', 'forbidden-key', 403, '{"message":"Forbidden"}', 'ForbiddenException'],
    ['rest', 'throttled', 429, '{"message":"Too Many Requests"}', 'TooManyRequestsException'],
    [
      'rest',
      'malformed',
      502,
      '{"message": "Internal server error"}',
      'InternalServerErrorException',
    ],
    [
      'rest',
      'function-error',
      502,
      '{"message": "Internal server error"}',
      'InternalServerErrorException',
    ],
    [
      'rest',
      'timeout',
      504,
      '{"message": "Endpoint request timed out"}',
      'InternalServerErrorException',
    ],
    ['rest', 'unauthorized', 401, '{"message":"Unauthorized"}', 'UnauthorizedException'],
    ['rest', 'over-quota', 429, '{"message":"Limit Exceeded"}', 'LimitExceededException'],
    ['rest', 'bad-body', 400, '{"message":"Invalid request body"}', 'BadRequestException'],
    ['rest', 'authorizer-failed', 500, '{"message":null}', 'AuthorizerConfigurationException'],
    [
      'rest',
      'unknown-key',
      403,
      '{"message":"The security token included in the request is invalid."}',
      'UnrecognizedClientException',
    ],
    ['httpapi', 'unauthorized', 401, '{"message":"Unauthorized"}', undefined],
    ['httpapi', 'access-denied', 403, '{"message":"Forbidden"}', undefined],
    ['httpapi', 'authorizer-failed', 500, '{"message":"Internal Server Error"}', undefined],
    ['httpapi', 'not-found', 404, '{"message":"Not Found"}', undefined],
    ['httpapi', 'throttled', 429, '{"message":"Too Many Requests"}', undefined],
    ['httpapi', 'function-error', 500, '{"message":"Internal Server Error"}', undefined],
    ['httpapi', 'malformed', 500, '{"message":"Internal Server Error"}', undefined],
    ['httpapi', 'timeout', 503, '{"message":"Service Unavailable"}', undefined],
    ['function-url', 'function-error', 502, 'Internal Server Error', undefined],
    ['function-url', 'not-found', 403, '{"Message":null}', 'AccessDeniedException'],
    [
      'function-url',
      'throttled',
      429,
      '{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
      'TooManyRequestsException',
    ],
  ] as const) {
    test(`${front} answers ${kind} with ${status} ${body}`, () => {
      const response = gatewayError(front, kind, request())
      assert.equal(response.status, status)
      assert.equal(response.body, body)
      assert.deepEqual(headerValues(response, 'content-length'), [String(body.length)])
      assert.equal(headerValues(response, 'x-amzn-errortype')[0], errorType)
    })
  }

  test('says when to come back, where the function did not start', () => {
    for (const front of ['rest', 'httpapi', 'function-url'] as const) {
      const throttled = gatewayError(front, 'throttled', { ...request(), retryAfterS: 7 })
      assert.deepEqual(headerValues(throttled, 'retry-after'), ['7'])
      assert.deepEqual(headerValues(gatewayError(front, 'unavailable', request()), 'retry-after'), [
        '1',
      ])
      assert.deepEqual(headerValues(gatewayError(front, 'malformed', request()), 'retry-after'), [])
    }
  })

  test('carries the ids of its front end, and the trace only after a function was tried', () => {
    const rest = gatewayError('rest', 'function-error', request())
    assert.deepEqual(headerValues(rest, 'x-amzn-requestid'), [request().requestId])
    assert.deepEqual(headerValues(rest, 'x-amz-apigw-id'), ['jxTkX87qRn-g5gA='])
    assert.deepEqual(headerValues(rest, 'x-amzn-trace-id'), [request().traceId])
    assert.deepEqual(
      headerValues(gatewayError('rest', 'not-found', request()), 'x-amzn-trace-id'),
      [],
    )
    const http = gatewayError('httpapi', 'not-found', request())
    assert.deepEqual(headerValues(http, 'apigw-requestid'), ['jxTkX87qRn-g5gA='])
  })

  test('names Lambda’s reason and the size of a request that is too large, on a Function URL', () => {
    const throttleReason = 'ReservedFunctionConcurrentInvocationLimitExceeded'
    const throttled = gatewayError('function-url', 'throttled', { ...request(), throttleReason })
    assert.match(String(throttled.body), /^\{"Reason":"ReservedFunctionConcurrentInvocationLimit/)
    const large = gatewayError('function-url', 'too-large', { ...request(), payloadBytes: 9e6 })
    assert.match(String(large.body), /"9000000 byte payload is too large/)
  })
})
