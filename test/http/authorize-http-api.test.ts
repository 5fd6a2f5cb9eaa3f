import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Outcome } from '../../src/invoke/invocation.ts'
import type { HttpApi } from '../../src/model/app.ts'
import type { LambdaAuthorizer } from '../../src/model/authorizer.ts'
import { AUTHORIZER, policy, seen, send, serve, thrown } from './authorizer-rig.ts'
import { apiOf } from './serve.ts'

const HTTP_AUTHORIZER: LambdaAuthorizer = {
  ...AUTHORIZER,
  form: 'request',
  payload: '2.0',
  simpleResponses: true,
  identitySources: ['$request.header.Authorization'],
}

describe('An HTTP API', () => {
  const httpApi = (
    authorizer: Partial<LambdaAuthorizer> = {},
    more: Partial<HttpApi> = {},
  ): HttpApi[] => [
    apiOf('httpapi', ['GET /me', 'GET /you'], {
      ...more,
      route: { authorizer: { ...HTTP_AUTHORIZER, ...authorizer } },
    }),
  ]
  for (const [what, authorizer, reply, status, body] of [
    ['true', {}, { isAuthorized: true }, 200, 'hello'],
    ['false', {}, { isAuthorized: false }, 403, '{"message":"Forbidden"}'],
    ['"true"', {}, { isAuthorized: 'true' }, 500, '{"message":"Internal Server Error"}'],
    ['1', {}, { isAuthorized: 1 }, 500, '{"message":"Internal Server Error"}'],
    [
      'a policy where a simple response is asked for',
      {},
      policy('Allow'),
      500,
      '{"message":"Internal Server Error"}',
    ],
    ['a policy', { simpleResponses: false }, policy('Allow'), 200, 'hello'],
    [
      'a policy without principalId',
      { simpleResponses: false },
      { ...policy('Allow'), principalId: undefined },
      200,
      'hello',
    ],
    [
      'a policy that denies',
      { simpleResponses: false },
      policy('Deny'),
      403,
      '{"message":"Forbidden"}',
    ],
    [
      'true where a policy is asked for',
      { simpleResponses: false },
      { isAuthorized: true },
      500,
      '{"message":"Internal Server Error"}',
    ],
    ['an error', {}, thrown('boom'), 500, '{"message":"Internal Server Error"}'],
    ['the error Unauthorized', {}, thrown('Unauthorized'), 401, '{"message":"Unauthorized"}'],
  ] as const) {
    test(`whose authorizer answers ${what}: ${status}`, async (t) => {
      const asked = await serve(t, () => reply, { apis: httpApi(authorizer) })
      const answer = await send(asked.api, '/me', 'tok')
      assert.deepEqual([answer.status, answer.text], [status, body])
    })
  }

  test('keeps a simple response for all routes', async (t) => {
    const asked = await serve(t, () => ({ isAuthorized: true }), { apis: httpApi() })
    await send(asked.api, '/me', 'tok')
    assert.equal((await send(asked.api, '/you', 'tok')).status, 200)
    assert.equal(asked.events.length, 1)
  })

  test('holds a policy against each route, by its own method and path', async (t) => {
    const authorizer = { simpleResponses: false }
    const asked = await serve(t, ({ routeArn }) => policy('Allow', routeArn), {
      apis: httpApi(authorizer),
    })
    assert.equal((await send(asked.api, '/me', 'tok')).status, 200)
    assert.equal((await send(asked.api, '/you', 'tok')).status, 403)
  })

  test('waits ten seconds for its authorizer and no longer', async (t) => {
    const { promise: asking, resolve: asks } = Promise.withResolvers<void>()
    const never = new Promise<Outcome>(() => {})
    const asked = await serve(t, () => (asks(), never), { apis: httpApi() })
    const answer = send(asked.api, '/me', 'tok')
    await asking
    asked.api.clock.advance(10_000)
    assert.equal((await answer).status, 500)
    assert.deepEqual(asked.troubles, ['the authorizer auth let nobody in: it took too long'])
  })

  for (const [what, payload, context, expected] of [
    ['2.0', '2.0', { list: [1], flag: true }, { lambda: { list: [1], flag: true } }],
    ['2.0, nothing told', '2.0', undefined, { lambda: null }],
    ['1.0', '1.0', { list: [1], flag: true }, { list: [1], flag: true, integrationLatency: 0 }],
  ] as const) {
    test(`tells its function the context, payload ${what}`, async (t) => {
      const apis = httpApi({}, { payload })
      const asked = await serve(t, () => ({ isAuthorized: true, context }), { apis })
      await send(asked.api, '/me', 'tok')
      assert.deepEqual(seen(asked), expected)
    })
  }

  test('asks with payload 1.0: the sources joined, under both names', async (t) => {
    const identitySources = ['$request.header.a', '$request.querystring.b', '$context.routeKey']
    const authorizer = { payload: '1.0', simpleResponses: false, identitySources } as const
    const asked = await serve(t, () => policy('Allow'), { apis: httpApi(authorizer) })
    const answer = await asked.api.send('/me?b=2', { headers: { a: '1' } })
    assert.equal(answer.status, 200)
    const [event = {}] = asked.events
    const {
      version,
      type,
      methodArn,
      identitySource,
      authorizationToken,
      resource,
      pathParameters,
    } = event
    assert.deepEqual(
      { version, type, methodArn, identitySource, authorizationToken, resource, pathParameters },
      {
        version: '1.0',
        type: 'REQUEST',
        methodArn: 'arn:aws:execute-api:us-east-1:123456789012:http000000/$default/GET/me',
        identitySource: '1,2,GET /me',
        authorizationToken: '1,2,GET /me',
        resource: '/me',
        pathParameters: {},
      },
    )
    assert.ok(!('body' in event) && !('isBase64Encoded' in event))
  })
})
