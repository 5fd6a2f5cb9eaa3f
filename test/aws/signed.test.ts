import assert from 'node:assert/strict'
import { createConnection } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda'
import { refuseExposure } from '../../src/auth/exposure.ts'
import { endpointKeys } from '../../src/auth/endpoint-keys.ts'
import { realClock } from '../../src/lib/clock.ts'
import { appOf, okOutcome, serveAws, type Served } from './serve.ts'

const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret/of+some=length' }
const SESSION = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'another secret',
  sessionToken: 'tok/en',
}
const INVOKE = '/2015-03-31/functions/hello/invocations'

async function serve(t: TestContext): Promise<Served & { bodies: string[] }> {
  const bodies: string[] = []
  const served = await serveAws(
    t,
    appOf([{ name: 'hello' }]),
    ({ payload }) => {
      bodies.push(payload.kind === 'json' ? Buffer.from(payload.json).toString() : '')
      return okOutcome('"done"')
    },
    { awsKeys: [KEY, SESSION], clock: { ...realClock } },
  )
  return { ...served, bodies }
}

const clientOf = (t: TestContext, { port }: Served, more: object = {}): LambdaClient => {
  const client = new LambdaClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: KEY,
    maxAttempts: 1,
    ...more,
  })
  t.after(() => client.destroy())
  return client
}

const invoke = async (client: LambdaClient, Payload = '{"a":1}') =>
  await client.send(new InvokeCommand({ FunctionName: 'hello', Payload }))

describe('An AWS endpoint with keys', () => {
  test("serves AWS's own client, whose key it knows", async (t) => {
    const served = await serve(t)
    const client = clientOf(t, served)
    assert.equal(Buffer.from((await invoke(client)).Payload ?? []).toString(), '"done"')
    const listed = await client.send(new ListFunctionsCommand({}))
    assert.equal(listed.Functions?.[0]?.FunctionName, 'hello')
    await invoke(client, JSON.stringify('x'.repeat(5_000_000)))
    assert.deepEqual([served.bodies[0], served.bodies[1]?.length], ['{"a":1}', 5_000_002])
  })

  test('serves the key of a session with its token only', async (t) => {
    const served = await serve(t)
    await invoke(clientOf(t, served, { credentials: SESSION }))
    for (const sessionToken of [undefined, 'tok/eN', 'tok/en,']) {
      const client = clientOf(t, served, { credentials: { ...SESSION, sessionToken } })
      await assert.rejects(invoke(client), { name: 'UnrecognizedClientException' })
    }
    assert.equal(served.bodies.length, 1)
  })

  for (const [what, more, name] of [
    [
      'an unknown key',
      { credentials: { ...KEY, accessKeyId: 'AKIDOTHER' } },
      'UnrecognizedClientException',
    ],
    [
      'another secret',
      { credentials: { ...KEY, secretAccessKey: 'guessed' } },
      'InvalidSignatureException',
    ],
    ['another region', { region: 'eu-west-1' }, 'InvalidSignatureException'],
    ['a clock that is wrong', { systemClockOffset: 600_000 }, 'InvalidSignatureException'],
  ] as const) {
    test(`turns ${what} away, in words that its client knows`, async (t) => {
      const served = await serve(t)
      await assert.rejects(invoke(clientOf(t, served, more)), { name })
      assert.deepEqual(served.bodies, [])
    })
  }

  test('turns away what is not signed, under whatever name it is called', async (t) => {
    const served = await serve(t)
    for (const [headers, type] of [
      [{}, 'application/json'],
      [{ host: 'spillway.internal' }, 'application/json'],
      [{ 'x-amz-target': 'AmazonSQS.SendMessage' }, 'application/x-amz-json-1.0'],
    ] as const) {
      const answer = await served.send(INVOKE, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body: '{}',
      })
      assert.deepEqual(
        [answer.status, answer.headers['x-amzn-errortype']],
        [403, 'MissingAuthenticationTokenException'],
      )
    }
    const form = await served.send('/', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=Publish',
    })
    assert.equal(form.status, 403)
    assert.match(form.text, /<Code>MissingAuthenticationToken<\/Code>/)
    assert.deepEqual(served.bodies, [])
  })

  test('answers no web page, however well it signs', async (t) => {
    const served = await serve(t)
    const client = clientOf(t, served)
    client.middlewareStack.add(
      (next) => async (args) => {
        ;(args.request as { headers: Record<string, string> }).headers['origin'] =
          'https://evil.test'
        return await next(args)
      },
      { step: 'build' },
    )
    await assert.rejects(invoke(client), { name: 'AccessDeniedException' })
  })

  test('answers a stranger before it has read a body', async (t) => {
    const served = await serve(t)
    const socket = createConnection({ host: '127.0.0.1', port: served.port })
    t.after(() => socket.destroy())
    socket.write(`POST ${INVOKE} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{`)
    const [first] = await socket.take(1).toArray()
    assert.match(String(first), /^HTTP\/1\.1 403 /)
  })

  test('turns away a body that was changed on the way', async (t) => {
    const served = await serve(t)
    const client = clientOf(t, served)
    client.middlewareStack.add(
      (next) => async (args) => {
        ;(args.request as { body: string }).body = '{"a":2}'
        return await next(args)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    await assert.rejects(invoke(client), { name: 'InvalidSignatureException' })
    assert.deepEqual(served.bodies, [])
  })
})

describe('Beyond loopback', () => {
  const everywhere = { host: '0.0.0.0' }
  for (const [what, exposure, message] of [
    [
      'the AWS endpoint without keys',
      { listen: { aws: everywhere } },
      /the AWS endpoint on 0\.0\.0\.0 needs SPILLWAY_AWS_KEYS/,
    ],
    [
      'the AWS endpoint with no key among them',
      { listen: { aws: everywhere }, awsKeys: [] },
      /SPILLWAY_AWS_KEYS/,
    ],
    [
      'the admin listener without its token',
      { listen: { admin: everywhere }, awsKeys: [KEY] },
      /SPILLWAY_ADMIN_TOKEN/,
    ],
  ] as const) {
    test(`${what} is not opened`, () => {
      assert.throws(() => refuseExposure(exposure), { code: 'SPILLWAY_EXPOSED', message })
    })
  }

  test('the AWS endpoint with keys is', () => {
    refuseExposure({ listen: { aws: everywhere }, awsKeys: [KEY] })
    refuseExposure({ listen: { aws: { host: '127.0.0.1' } } })
  })
})

describe('Functions that call the endpoint', () => {
  test('sign with a key of this process alone in dev, and with their own where that is known', () => {
    const dev = endpointKeys([KEY], 'dev', {})
    assert.deepEqual(dev.accepted, [KEY, dev.ofFunctions])
    assert.notEqual(
      dev.ofFunctions?.secretAccessKey,
      endpointKeys([KEY], 'dev', {}).ofFunctions?.secretAccessKey,
    )
    const env = { AWS_ACCESS_KEY_ID: 'ASIA', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' }
    const inherited = { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't' }
    assert.deepEqual(endpointKeys([KEY], 'start', env), { accepted: [KEY, inherited] })
    assert.deepEqual(endpointKeys([KEY], 'start', { AWS_ACCESS_KEY_ID: 'x' }), { accepted: [KEY] })
  })

  test('need not sign where nobody has to', () => {
    assert.deepEqual(endpointKeys([], 'dev', {}), { accepted: [] })
    assert.deepEqual(
      endpointKeys([], 'start', { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }),
      { accepted: [] },
    )
  })
})
