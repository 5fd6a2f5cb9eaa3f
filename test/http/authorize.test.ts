import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { createApi } from '../../src/http/api.ts'
import type { Outcome } from '../../src/invoke/invocation.ts'
import { AUTHORIZER, policy, seen, send, serve, thrown, type Reply } from './authorizer-rig.ts'
import { createRates } from '../../src/rates/index.ts'
import { realClock } from '../../src/lib/clock.ts'
import { appOf, okOutcome } from '../aws/serve.ts'
import { apiOf } from './serve.ts'

const ARN = 'arn:aws:execute-api:us-east-1:123456789012:rest000000/dev'

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
      const asked = await serve(t, () => reply)
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
    asked.api.letPass(299_999)
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

test('Who has left while an authorizer was asked is not served', async (t) => {
  const { promise: asking, resolve: asks } = Promise.withResolvers<void>()
  const { promise: answer, resolve: answers } = Promise.withResolvers<Outcome>()
  const invoked: string[] = []
  const api = createApi({
    clock: realClock,
    rates: createRates({ clock: realClock, onNote: () => {} }),
    draining: () => false,
    invoker: {
      invoke: async ({ functionName }) => {
        invoked.push(functionName)
        asks()
        return await answer
      },
    },
  })
  const apis = [apiOf('rest', ['GET /me'], { route: { authorizer: AUTHORIZER } })]
  api.configure({ ...appOf([{ name: 'effect' }]), apis })
  const { promise: left, resolve: leaves } = Promise.withResolvers<void>()
  const server = createServer((incoming, response) => {
    response.once('close', leaves)
    api.handle(incoming, response)
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const out = request({ port, path: '/dev/me', headers: { authorization: 'tok' } }).end()
  out.on('error', () => {})
  await asking
  out.destroy()
  await left
  answers(okOutcome(JSON.stringify(policy('Allow'))))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(invoked, ['auth'])
})
