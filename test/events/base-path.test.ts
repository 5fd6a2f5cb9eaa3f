import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHttpApiV1Event } from '../../src/events/http-v1.ts'
import { toFunctionUrlEvent, toHttpApiEvent } from '../../src/events/http-v2.ts'
import { toRestEvent } from '../../src/events/rest-v1.ts'
import { httpApiRoute, request, restRoute, urlRoute } from './support.ts'

for (const [target, path, pathWithStage, leadId] of [
  ['/v1/lead/7', '/v1/lead/7', '/v1/lead/7', '7'],
  ['//v1//lead/7/', '/v1//lead/7/', '/v1//lead/7/', '7'],
  ['/dev/lead/7', '/lead/7', '/dev/lead/7', '7'],
  ['/lead/7', '/lead/7', '/dev/lead/7', '7'],
] as const) {
  test(`a REST API on a custom domain sees ${target} as ${path}`, () => {
    const event = toRestEvent(request({ target }), restRoute({ basePath: '/v1' }))
    assert.deepEqual(
      [event.path, event.requestContext.path, event.resource, event.pathParameters],
      [path, pathWithStage, '/lead/{leadId}', { leadId }],
    )
  })
}

test('an HTTP API has the base path in its path, and not in route and parameters', () => {
  const route = httpApiRoute({ method: 'GET', path: '/{id}/{rest+}', basePath: '/a/b' })
  for (const [target, id] of [
    ['/a/b/7/x', '7'],
    ['/a/c/7', 'a'],
  ] as const) {
    const event = toHttpApiEvent(request({ target }), route)
    assert.deepEqual([event.rawPath, event.pathParameters?.['id']], [target, id])
    assert.equal(event.routeKey, 'GET /{id}/{rest+}')
    const v1 = toHttpApiV1Event(request({ target }), { ...route, payload: '1.0' })
    assert.deepEqual([v1.path, v1.pathParameters?.['id']], [target, id])
  }
})

test('a Function URL does not see where it is served', () => {
  const route = urlRoute({ basePath: '/_url/a%20b' })
  for (const [target, rawPath] of [
    ['/_url/a%20b/x%2Fy?q', '/x%2Fy'],
    ['/_url/a%20b', '/'],
    ['/_url/a%20bc', '/_url/a%20bc'],
    ['/x', '/x'],
  ] as const) {
    const { rawPath: seen, requestContext } = toFunctionUrlEvent(request({ target }), route)
    assert.deepEqual([seen, requestContext.http.path], [rawPath, decodeURIComponent(rawPath)])
  }
})
