import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHttpApiV1Event } from '../../src/events/http-v1.ts'
import { bytes, httpApiRoute, request } from './support.ts'

test('payload 1.0 of an HTTP API is not that of a REST API', () => {
  const route = httpApiRoute({ payload: '1.0', method: 'GET', path: '/a/{id}' })
  const rawHeaders = ['host', 'h', 'content-type', 'application/json', 'x-Own', '1']
  const event = toHttpApiV1Event(
    request({ target: '/a/b%20c?x=1', rawHeaders, body: bytes('{}') }),
    route,
  )
  assert.equal(event.version, '1.0')
  assert.equal(event.path, '/a/b c')
  assert.equal(event.resource, '/a/{id}')
  assert.deepEqual(event.pathParameters, { id: 'b c' })
  assert.deepEqual(event.multiValueQueryStringParameters, { x: ['1'] })
  assert.equal(event.body, '{}')
  const { headers, requestContext } = event
  assert.equal(headers['Content-Length'], '2')
  assert.equal(headers['Content-Type'], 'application/json')
  assert.equal(headers['x-Own'], '1')
  assert.equal(requestContext.resourceId, 'GET /a/{id}')
  assert.equal(requestContext.requestId, requestContext.extendedRequestId)
  assert.match(requestContext.requestId, /=$/)
  assert.equal(requestContext.identity.cognitoAmr, null)
})

test('payload 1.0 of an HTTP API has null where there is nothing', () => {
  const event = toHttpApiV1Event(request({ target: '/' }), httpApiRoute({ payload: '1.0' }))
  assert.equal(event.body, null)
  assert.equal(event.isBase64Encoded, false)
  assert.equal(event.queryStringParameters, null)
  assert.equal(event.pathParameters, null)
  assert.equal(event.stageVariables, null)
  assert.equal(event.requestContext.resourcePath, '$default')
})
