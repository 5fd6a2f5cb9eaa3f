import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { JwtAuthorizer } from '../../src/model/authorizer.ts'
import type { HttpApi } from '../../src/model/app.ts'
import type { CallerFacts } from '../../src/events/http.ts'
import { openIssuer } from '../support/issuer.ts'
import { apiOf, serveApi, type Sent, type ServedApi } from './serve.ts'

interface Served extends ServedApi {
  readonly callers: (CallerFacts | undefined)[]
  readonly troubles: string[]
}

const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret of some length' }

async function serve(t: TestContext, api: HttpApi): Promise<Served> {
  const callers: (CallerFacts | undefined)[] = []
  const troubles: string[] = []
  const served = await serveApi(t, {
    apis: [api],
    options: { awsKeys: [KEY], onTrouble: (sentence) => troubles.push(sentence) },
    invoke: ({ payload }) => {
      callers.push(payload.kind === 'http' ? payload.request.caller : undefined)
      const response = { status: 200, rawHeaders: [], body: 'done' }
      return {
        status: 'ok',
        result: { kind: 'http', response },
        handlerStarted: true,
        attempts: 1,
        waitedMs: 0,
      }
    },
  })
  return { ...served, callers, troubles }
}

describe('A route with tokens', () => {
  async function open(
    t: TestContext,
    front: 'rest' | 'httpapi',
    more: Partial<JwtAuthorizer> = {},
    api: Partial<HttpApi> = {},
  ) {
    const issuer = await openIssuer()
    t.after(async () => await issuer[Symbol.asyncDispose]())
    const authorizer: JwtAuthorizer = {
      kind: 'jwt',
      name: 'tokens',
      issuer: issuer.url,
      audiences: front === 'rest' ? [] : ['app'],
      identitySource:
        front === 'rest' ? 'method.request.header.Authorization' : '$request.header.Authorization',
      scopes: [],
      ...more,
    }
    const served = await serve(t, apiOf(front, ['GET /me'], { ...api, route: { authorizer } }))
    const nowS = served.clock.wallMs() / 1000
    const token = async (claims: object = {}) =>
      await issuer.sign({ iss: issuer.url, aud: 'app', exp: nowS + 60, ...claims })
    const send = async (authorization?: string) =>
      await served.send('/me', authorization === undefined ? {} : { headers: { authorization } })
    return { issuer, served, token, send }
  }

  for (const prefix of ['Bearer ', 'bearer ', '']) {
    test(`takes one after "${prefix}"`, async (t) => {
      const { token, send, served } = await open(t, 'httpapi')
      assert.equal((await send(`${prefix}${await token({ sub: 's1' })}`)).status, 200)
      assert.equal(served.callers.length, 1)
    })
  }

  test('says in a header what is wrong with it', async (t) => {
    const { token, send } = await open(t, 'httpapi', { scopes: ['a', 'b'] })
    const none = await send()
    assert.deepEqual([none.status, none.headers['www-authenticate']], [401, 'Bearer'])
    const wrong = await send(await token({ aud: 'x' }))
    assert.deepEqual([wrong.status, wrong.text], [401, '{"message":"Unauthorized"}'])
    assert.equal(
      wrong.headers['www-authenticate'],
      'Bearer scope="a b" error="invalid_token" error_description="the token does not have a valid audience"',
    )
  })

  for (const [what, claims, status] of [
    ['one of its scopes', { scope: 'x b' }, 200],
    ['one in a list', { scp: ['b'] }, 200],
    ['one in scp', { scp: 'b' }, 200],
    ['none', {}, 403],
    ['others', { scope: 'ab b2 B' }, 403],
    ['them in the wrong form', { scope: 7 }, 403],
  ] as const) {
    test(`asks for scopes; a token with ${what}: ${status}`, async (t) => {
      const { token, send } = await open(t, 'httpapi', { scopes: ['a', 'b'] })
      assert.equal((await send(await token(claims))).status, status)
    })
  }

  test('tells its function the claims as texts, without a level in payload 1.0', async (t) => {
    const claims = { n: 1, list: ['a', 'b'], map: { b: 1, a: [2] }, nothing: null, yes: true }
    const { issuer, token, send, served } = await open(t, 'httpapi', {}, { payload: '1.0' })
    await send(await token(claims))
    const exp = String(served.clock.wallMs() / 1000 + 60)
    const texts = { n: '1', list: '[a b]', map: 'map[a:[2] b:1]', nothing: '<nil>', yes: 'true' }
    assert.deepEqual(served.callers[0]?.authorizer, {
      claims: { iss: issuer.url, aud: 'app', exp, ...texts },
      scopes: null,
    })
  })

  test('lets nobody in while the issuer cannot be asked, and says why in the log', async (t) => {
    const { issuer, token, send, served } = await open(t, 'httpapi')
    issuer.failing = 500
    const answer = await send(await token())
    assert.deepEqual([answer.status, answer.text], [500, '{"message":"Internal Server Error"}'])
    assert.match(served.troubles.join(), /cannot be read: .* answered 500/)
  })

  test('lets nobody in with two tokens', async (t) => {
    const { token, served } = await open(t, 'httpapi', {
      identitySource: '$request.header.X-Token',
    })
    const good = await token()
    const headers = { 'x-token': [good, good] } as unknown as Record<string, string>
    assert.equal((await served.send('/me', { headers })).status, 401)
    assert.equal((await served.send('/me', { headers: { 'x-token': good } })).status, 200)
  })

  for (const [what, scopes, claims, status] of [
    ['an identity token', [], { token_use: 'id' }, 200],
    ['an access token', [], { token_use: 'access' }, 401],
    ['an access token for scopes', ['a'], { token_use: 'access', scope: 'a' }, 200],
    ['an access token with another scope', ['a'], { token_use: 'access', scope: 'b' }, 401],
    ['an identity token for scopes', ['a'], { token_use: 'id', scope: 'a' }, 401],
  ] as const) {
    test(`of a user pool: ${what}: ${status}`, async (t) => {
      const { token, send, served } = await open(t, 'rest', { scopes })
      const answer = await send(await token(claims))
      assert.equal(answer.status, status)
      const [caller] = served.callers
      if (status === 401) return assert.equal(answer.text, '{"message":"Unauthorized"}')
      const told = caller?.authorizer?.['claims'] as Record<string, string> | undefined
      assert.equal(told?.['aud'], 'app')
    })
  }

  test('of a user pool says that it has expired', async (t) => {
    const { token, send } = await open(t, 'rest')
    const answer = await send(await token({ token_use: 'id', exp: 1 }))
    assert.deepEqual(
      [answer.status, answer.text],
      [401, '{"message":"The incoming token has expired"}'],
    )
  })
})

class Sha256 {
  readonly #hash
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
}

describe('A route for signed requests', () => {
  async function signed(
    served: Served,
    path: string,
    given: { body?: string; service?: string; applyChecksum?: boolean; secret?: string } = {},
  ): Promise<Sent> {
    const {
      body,
      service = 'execute-api',
      applyChecksum = true,
      secret = KEY.secretAccessKey,
    } = given
    const credentials = { ...KEY, secretAccessKey: secret }
    const signer = new SignatureV4({
      credentials,
      region: 'us-east-1',
      service,
      applyChecksum,
      sha256: Sha256 as never,
    })
    const method = body === undefined ? 'GET' : 'POST'
    const request = {
      method,
      path,
      protocol: 'http:',
      hostname: 'api.test',
      headers: { host: 'api.test' },
      query: {},
      body,
    }
    const { headers } = await signer.sign(request, { signingDate: new Date(served.clock.wallMs()) })
    return { method, headers, ...(body === undefined ? {} : { body }) }
  }

  const rest = apiOf('rest', ['ANY /me'], { route: { authorizer: { kind: 'iam' } } })

  test('lets them in, and tells who it is', async (t) => {
    const served = await serve(t, rest)
    assert.equal((await served.send('/dev/me', await signed(served, '/dev/me'))).status, 200)
    assert.deepEqual(served.callers[0]?.identity, {
      accessKey: KEY.accessKeyId,
      accountId: '123456789012',
      caller: KEY.accessKeyId,
      user: KEY.accessKeyId,
      userArn: `arn:aws:iam::123456789012:user/${KEY.accessKeyId}`,
    })
  })

  for (const applyChecksum of [true, false]) {
    test(`looks at the body, ${applyChecksum ? 'its hash signed' : 'without its hash'}`, async (t) => {
      const served = await serve(t, rest)
      const sent = await signed(served, '/dev/me', { body: 'pay 1', applyChecksum })
      assert.equal((await served.send('/dev/me', sent)).status, 200)
      const forged = await served.send('/dev/me', { ...sent, body: 'pay 9' })
      assert.deepEqual(
        [forged.status, forged.headers['x-amzn-errortype']],
        [403, 'InvalidSignatureException'],
      )
      assert.equal(served.callers.length, 1)
    })
  }

  for (const [front, unsigned, wrong] of [
    [
      'rest',
      '{"message":"Missing Authentication Token"}',
      /^\{"message":"The request signature we calculated/,
    ],
    ['httpapi', '{"message":"Forbidden"}', /^\{"message":"Forbidden"\}$/],
    [
      'function-url',
      '{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}',
      /^\{"message":"The request signature/,
    ],
  ] as const) {
    test(`of ${front} turns away all others with a 403`, async (t) => {
      const routes = front === 'function-url' ? ['$default'] : ['ANY /me']
      const served = await serve(
        t,
        apiOf(front, routes, { route: { authorizer: { kind: 'iam' } } }),
      )
      const service = front === 'function-url' ? 'lambda' : 'execute-api'
      const none = await served.send('/me')
      assert.deepEqual([none.status, none.text], [403, unsigned])
      const bad = await served.send(
        '/me',
        await signed(served, '/me', { service, secret: 'another one' }),
      )
      assert.equal(bad.status, 403)
      assert.match(bad.text, wrong)
      assert.equal(served.callers.length, 0)
      const good = await served.send('/me', await signed(served, '/me', { service }))
      assert.equal(good.status, 200)
      const [caller] = served.callers
      const { iam } = (caller?.authorizer ?? {}) as { iam?: Record<string, unknown> }
      assert.equal(iam?.['accessKey'], front === 'rest' ? undefined : KEY.accessKeyId)
    })
  }
})
