import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Invocation, Outcome } from '../../src/invoke/invocation.ts'
import type { HttpApi } from '../../src/model/app.ts'
import type { LambdaAuthorizer } from '../../src/model/authorizer.ts'
import { okOutcome } from '../aws/serve.ts'
import { apiOf, serveApi, type Answer, type ServedApi } from './serve.ts'

const ARN = 'arn:aws:execute-api:us-east-1:123456789012:rest000000/dev'

const policy = (effect: string, resource: unknown = '*') => ({
  principalId: 'u1',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Effect: effect, Action: 'execute-api:Invoke', Resource: resource }],
  },
})

const AUTHORIZER: LambdaAuthorizer = {
  kind: 'lambda',
  name: 'auth',
  functionName: 'auth',
  form: 'token',
  payload: '1.0',
  simpleResponses: false,
  identitySources: ['method.request.header.Authorization'],
  ttlMs: 300_000,
}

const HTTP_AUTHORIZER: LambdaAuthorizer = {
  ...AUTHORIZER,
  form: 'request',
  payload: '2.0',
  simpleResponses: true,
  identitySources: ['$request.header.Authorization'],
}

interface Asked {
  readonly api: ServedApi
  /** The events that the authorizer got. */
  readonly events: Record<string, unknown>[]
  /** What the function behind it got to see of it. */
  readonly behind: Invocation[]
  readonly troubles: string[]
}

type Reply = Outcome | Promise<Outcome> | Record<string, unknown> | string | null

async function serve(
  t: TestContext,
  reply: (event: Record<string, unknown>) => Reply,
  given: {
    apis?: readonly HttpApi[]
    authorizer?: Partial<LambdaAuthorizer>
    routes?: string[]
  } = {},
): Promise<Asked> {
  const { routes = ['GET /me', 'GET /you'], authorizer } = given
  const events: Record<string, unknown>[] = []
  const behind: Invocation[] = []
  const troubles: string[] = []
  const own = apiOf('rest', routes, { route: { authorizer: { ...AUTHORIZER, ...authorizer } } })
  const api = await serveApi(t, {
    apis: given.apis ?? [own],
    options: { onTrouble: (sentence) => troubles.push(sentence) },
    invoke: async (invocation) => {
      if (invocation.functionName !== 'auth') {
        behind.push(invocation)
        return HELLO
      }
      assert.equal(invocation.source, 'http')
      assert.ok(invocation.payload.kind === 'json')
      const event = JSON.parse(Buffer.from(invocation.payload.json).toString())
      events.push(event)
      const answer = await reply(event)
      if (answer !== null && typeof answer === 'object' && 'status' in answer)
        return answer as Outcome
      return okOutcome(JSON.stringify(answer))
    },
  })
  return { api, events, behind, troubles }
}

const HELLO: Outcome = {
  status: 'ok',
  result: { kind: 'http', response: { status: 200, rawHeaders: [], body: 'hello' } },
  handlerStarted: true,
  attempts: 1,
  waitedMs: 0,
}

const thrown = (errorMessage: string): Outcome => ({
  status: 'function_error',
  error: { errorType: 'Error', errorMessage, json: Buffer.from('{}') },
  handlerStarted: true,
  attempts: 1,
  waitedMs: 0,
})

const send = async (api: ServedApi, path: string, token?: string): Promise<Answer> =>
  await api.send(path, token === undefined ? {} : { headers: { authorization: token } })

const seen = ({ behind }: Asked): unknown => {
  const [invocation] = behind
  assert.ok(invocation?.payload.kind === 'http')
  return invocation.payload.request.caller?.authorizer
}

describe('What an authorizer answers', () => {
  const FAILED = '{"message":null}'
  for (const [what, reply, status, body] of [
    ['a policy that allows', policy('Allow'), 200, 'hello'],
    ['a policy for this path', policy('Allow', `${ARN}/GET/me`), 200, 'hello'],
    [
      'a policy for another path',
      policy('Allow', `${ARN}/GET/you`),
      403,
      '{"Message":"User is not authorized to access this resource"}',
    ],
    [
      'a policy that denies',
      policy('Deny'),
      403,
      '{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}',
    ],
    ['the error Unauthorized', thrown('Unauthorized'), 401, '{"message":"Unauthorized"}'],
    ['another error', thrown('Unauthorized!'), 500, FAILED],
    ['nothing', null, 500, FAILED],
    ['a text', 'Allow', 500, FAILED],
    ['no policy', { principalId: 'u1' }, 500, FAILED],
    ['no principalId', { policyDocument: policy('Allow').policyDocument }, 500, FAILED],
    ['a policy that is not understood', policy('allow'), 500, FAILED],
    ['a context with a list', { ...policy('Allow'), context: { a: [1] } }, 500, FAILED],
    ['a context that is none', { ...policy('Allow'), context: 'x' }, 500, FAILED],
    ['a simple response, without being asked for one', { isAuthorized: true }, 500, FAILED],
  ] as const) {
    test(`${what}: ${status}`, async (t) => {
      const asked = await serve(t, () => reply as Reply)
      const answer = await send(asked.api, '/dev/me', 'tok')
      assert.deepEqual([answer.status, answer.text], [status, body])
      assert.equal(asked.behind.length, status === 200 ? 1 : 0)
      assert.equal(asked.troubles.length, status === 500 ? 1 : 0)
    })
  }

  for (const status of ['throttled', 'timeout', 'platform_error', 'interrupted'] as const) {
    test(`that ends with ${status} lets nobody in`, async (t) => {
      const more = { blocked: {}, error: thrown('x'), message: 'x' }
      const outcome = { ...thrown('x'), ...more, status } as unknown as Outcome
      const asked = await serve(t, () => outcome)
      assert.equal((await send(asked.api, '/dev/me', 'tok')).status, 500)
      assert.deepEqual(asked.troubles, [
        `the authorizer auth let nobody in: it ended with ${status}`,
      ])
    })
  }

  test('is told to the function as texts', async (t) => {
    const context = { role: 'admin', level: 7, vip: true, nothing: null, principalId: 'forged' }
    const asked = await serve(t, () => ({ ...policy('Allow'), context }))
    await send(asked.api, '/dev/me', 'tok')
    assert.deepEqual(seen(asked), {
      role: 'admin',
      level: '7',
      vip: 'true',
      nothing: null,
      principalId: 'u1',
      integrationLatency: 0,
    })
  })
})

describe('An authorizer is not asked', () => {
  for (const [what, source, headers, path] of [
    ['without its header', 'method.request.header.X-Key', {}, '/dev/me'],
    ['with an empty header', 'method.request.header.X-Key', { 'x-key': '' }, '/dev/me'],
    ['without its parameter', 'method.request.querystring.key', {}, '/dev/me?Key=1'],
    ['with an empty parameter', 'method.request.querystring.key', {}, '/dev/me?key'],
    ['without its stage variable', 'stageVariables.key', {}, '/dev/me'],
    ['without its user agent', 'context.identity.userAgent', {}, '/dev/me'],
  ] as const) {
    test(what, async (t) => {
      const authorizer = { form: 'request', identitySources: [source] } as const
      const asked = await serve(t, () => policy('Allow'), { authorizer })
      const answer = await asked.api.send(path, { headers })
      assert.deepEqual([answer.status, answer.text], [401, '{"message":"Unauthorized"}'])
      assert.equal(answer.headers['x-amzn-errortype'], 'UnauthorizedException')
      assert.deepEqual([asked.events, asked.behind], [[], []])
    })
  }

  test('with one of two sources missing', async (t) => {
    const identitySources = ['method.request.header.A', 'method.request.querystring.b']
    const asked = await serve(t, () => policy('Allow'), {
      authorizer: { form: 'request', identitySources },
    })
    assert.equal((await asked.api.send('/dev/me', { headers: { a: '1' } })).status, 401)
    assert.equal((await asked.api.send('/dev/me?b=1')).status, 401)
    assert.equal((await asked.api.send('/dev/me?b=1', { headers: { a: '1' } })).status, 200)
    assert.equal(asked.events.length, 1)
  })

  test('with a token that does not fit the whole expression', async (t) => {
    const authorizer = { identityValidation: 'tok-\\d+|key' }
    const asked = await serve(t, () => policy('Allow'), { authorizer })
    for (const token of ['tok-', 'tok-1x', 'xtok-1', 'keys', 'a key']) {
      assert.equal((await send(asked.api, '/dev/me', token)).status, 401, token)
    }
    assert.deepEqual(asked.events, [])
    assert.equal((await send(asked.api, '/dev/me', 'tok-1')).status, 200)
    assert.equal((await send(asked.api, '/dev/me', 'key')).status, 200)
  })

  test('where no route was found', async (t) => {
    const asked = await serve(t, () => policy('Allow'))
    assert.equal((await send(asked.api, '/dev/nowhere', 'tok')).status, 403)
    assert.deepEqual(asked.events, [])
  })
})

describe('What an authorizer has answered is kept', () => {
  test('as a policy, which each request is held against', async (t) => {
    const asked = await serve(t, ({ methodArn }) => policy('Allow', methodArn))
    assert.equal((await send(asked.api, '/dev/me', 'tok')).status, 200)
    assert.equal((await send(asked.api, '/dev/you', 'tok')).status, 403, 'works once, then 403')
    assert.equal(asked.events.length, 1)
  })

  test('denials too, and as long as they hold', async (t) => {
    const asked = await serve(t, () => policy('Deny'))
    await send(asked.api, '/dev/me', 'tok')
    asked.api.clock.advance(299_999)
    await send(asked.api, '/dev/me', 'tok')
    assert.equal(asked.events.length, 1)
    asked.api.clock.advance(1)
    await send(asked.api, '/dev/me', 'tok')
    assert.equal(asked.events.length, 2)
  })

  test('not where it is to hold for no time', async (t) => {
    const asked = await serve(t, () => policy('Allow'), { authorizer: { ttlMs: 0 } })
    await send(asked.api, '/dev/me', 'tok')
    await send(asked.api, '/dev/me', 'tok')
    assert.equal(asked.events.length, 2)
  })

  test('not where there is nothing to keep it by', async (t) => {
    const authorizer = { form: 'request', identitySources: [] } as const
    const asked = await serve(t, () => policy('Allow'), { authorizer })
    await send(asked.api, '/dev/me', 'tok')
    await send(asked.api, '/dev/me', 'tok')
    assert.equal(asked.events.length, 2)
  })

  test('not failures, nor Unauthorized', async (t) => {
    const replies: Reply[] = [thrown('boom'), thrown('Unauthorized'), policy('Allow')]
    const asked = await serve(t, () => replies.shift() ?? null)
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await send(asked.api, '/dev/me', 'tok')).status)
    assert.deepEqual(statuses, [500, 401, 200])
  })

  test('by API and authorizer', async (t) => {
    const apis = ['one', 'two'].flatMap((id) =>
      ['a', 'b'].map((name) =>
        apiOf('rest', [`GET /${id}/${name}`], {
          id: `${id}0000000`,
          route: { authorizer: { ...AUTHORIZER, name } },
        }),
      ),
    )
    const asked = await serve(t, () => policy('Allow'), { apis })
    for (const path of ['/dev/one/a', '/dev/one/b', '/dev/two/a', '/dev/two/b', '/dev/one/a']) {
      assert.equal((await send(asked.api, path, 'tok')).status, 200)
    }
    assert.equal(asked.events.length, 4)
  })

  const SOURCES = [
    'method.request.header.A',
    'method.request.header.B',
    'method.request.querystring.c',
  ]
  for (const [what, one, other] of [
    [
      'values that join to the same text',
      [['a', 'x,y', 'b', 'z'], '/?c=1'],
      [['a', 'x', 'b', 'y,z'], '/?c=1'],
    ],
    [
      "values in each other's place",
      [['a', '1', 'b', '2'], '/?c=1'],
      [['a', '2', 'b', '1'], '/?c=1'],
    ],
    ['another case', [['a', 'x', 'b', 'y'], '/?c=k'], [['a', 'X', 'b', 'y'], '/?c=k']],
    [
      'a header that came twice',
      [['a', 'x', 'b', 'y'], '/?c=k'],
      [['a', 'v', 'a', 'x', 'b', 'y'], '/?c=k'],
    ],
    [
      'a parameter that came twice',
      [['a', 'x', 'b', 'y'], '/?c=k'],
      [['a', 'x', 'b', 'y'], '/?c=v&c=k'],
    ],
    [
      'quotes and brackets',
      [['a', '"],["', 'b', 'y'], '/?c=k'],
      [['a', '"]', 'b', '["y'], '/?c=k'],
    ],
    ['a blank more', [['a', 'x y', 'b', 'z'], '/?c=k'], [['a', 'x  y', 'b', 'z'], '/?c=k']],
  ] as const) {
    test(`apart for ${what}`, async (t) => {
      const authorizer = { form: 'request', identitySources: SOURCES } as const
      const asked = await serve(t, () => policy('Allow'), { authorizer, routes: ['GET /'] })
      for (const [rawHeaders, path] of [one, other, one, other]) {
        const headers: Record<string, string[]> = {}
        rawHeaders.forEach((each, i) => {
          if (i % 2 === 0) (headers[each] ??= []).push(rawHeaders[i + 1] ?? '')
        })
        const answer = await asked.api.send(`/dev${path}`, { headers: headers as never })
        assert.equal(answer.status, 200)
      }
      assert.equal(asked.events.length, 2)
    })
  }
})

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
      const asked = await serve(t, () => reply as Reply, { apis: httpApi(authorizer) })
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
