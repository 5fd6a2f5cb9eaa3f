import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CallerFacts } from '../../src/events/http.ts'
import { toEvent } from '../../src/events/index.ts'
import { albRoute, httpApiRoute, request, restRoute, urlRoute } from './support.ts'

const IAM = { iam: { accountId: '210987654321', accessKey: 'AKIA', userId: 'u' } }

function contextOf(route: Parameters<typeof toEvent>[1], caller?: CallerFacts): object {
  return toEvent(request(caller === undefined ? {} : { caller }), route).requestContext
}

describe('What an authorizer said', () => {
  const caller: CallerFacts = { authorizer: { principalId: 'p', nested: { a: 1 } } }

  for (const [front, route] of [
    ['a REST API', restRoute()],
    ['an HTTP API', httpApiRoute()],
    ['an HTTP API with payload 1.0', httpApiRoute({ payload: '1.0' })],
    ['a Function URL', urlRoute()],
  ] as const) {
    test(`is in the context of ${front}, which has no such key where none was asked`, () => {
      assert.partialDeepStrictEqual(contextOf(route, caller), { authorizer: caller.authorizer })
      assert.ok(!('authorizer' in contextOf(route)))
    })
  }

  test('is nowhere in the event of a load balancer', () => {
    assert.deepEqual(Object.keys(contextOf(albRoute(), caller)), ['elb'])
  })
})

describe('Who has signed a request', () => {
  test('is the identity of payload 1.0', () => {
    const caller = { identity: { accountId: '210987654321', accessKey: 'AKIA' } }
    for (const route of [restRoute(), httpApiRoute({ payload: '1.0' })]) {
      assert.partialDeepStrictEqual(contextOf(route, caller), {
        identity: { ...caller.identity, user: null, sourceIp: '203.0.113.7' },
      })
    }
  })

  test('is the account of a Function URL, which is anonymous without', () => {
    assert.partialDeepStrictEqual(contextOf(urlRoute(), { authorizer: IAM }), {
      accountId: '210987654321',
      authorizer: IAM,
    })
    assert.partialDeepStrictEqual(contextOf(urlRoute()), { accountId: 'anonymous' })
    const httpApi = contextOf(httpApiRoute(), { authorizer: IAM })
    assert.partialDeepStrictEqual(httpApi, { accountId: '123456789012' })
  })
})
