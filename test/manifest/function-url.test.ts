import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpApi } from '../../src/model/app.ts'
import { load, oneFunction, tryLoad } from './project.ts'

async function urlOf(url: string): Promise<HttpApi | undefined> {
  const app = await load({ 'serverless.yml': oneFunction({ fn: `url: ${url}` }) })
  assert.ok(app.apis.length <= 1)
  return app.apis[0]
}

test('url: true is a Function URL of everything below its path, which waits for its function', async () => {
  const url = await urlOf('true\ntimeout: 20')
  assert.deepEqual(
    [url?.front, url?.basePath, url?.payload, url?.responseMode],
    ['function-url', '/_url/a', '2.0', 'buffered'],
  )
  assert.match(url?.id ?? '', /^[a-z0-9]{32}$/)
  const [route] = url?.routes ?? []
  assert.deepEqual(
    [route?.method, route?.path, route?.functionName, route?.timeoutMs],
    ['ANY', '$default', 's-dev-a', 80_000],
  )
  assert.equal(route?.authorizer, undefined)
  assert.equal(await urlOf('false'), undefined)
})

test('each function has a URL with an id of its own', async () => {
  const manifest =
    'service: s\nfunctions: { a: { handler: h.handler, url: true }, b: { handler: h.handler, url: true } }'
  const { apis } = await load({ 'serverless.yml': manifest })
  assert.deepEqual(
    apis.map(({ basePath }) => basePath),
    ['/_url/a', '/_url/b'],
  )
  assert.equal(new Set(apis.map(({ id }) => id)).size, 2)
})

test('its authorizer, CORS and invoke mode are read', async () => {
  const url = await urlOf('{ authorizer: aws_iam, cors: true, invokeMode: RESPONSE_STREAM }')
  assert.deepEqual(url?.routes[0]?.authorizer, { kind: 'iam' })
  assert.equal(url.responseMode, 'stream')
  assert.deepEqual(url.cors?.allowOrigins, ['*'])
  assert.deepEqual(url.cors.allowMethods, ['*'])
  assert.ok(url.cors.allowHeaders.includes('X-Api-Key'))
})

test('CORS says what is allowed; null takes a default away', async () => {
  const url = await urlOf(`
  cors:
    allowedOrigins: [https://a.example]
    allowedHeaders: null
    exposedResponseHeaders: [x-a]
    allowCredentials: true
    maxAge: 60`)
  assert.deepEqual(url?.cors, {
    allowOrigins: ['https://a.example'],
    allowMethods: ['*'],
    allowHeaders: [],
    exposeHeaders: ['x-a'],
    allowCredentials: true,
    maxAgeS: 60,
  })
})

for (const [url, message] of [
  ['{ autorizer: aws_iam }', /unknown key "autorizer", did you mean "authorizer"\?/],
  ['{ authorizer: none }', /expected the authorizer to be one of aws_iam, got: "none"/],
  ['{ authorizer: { name: x } }', /expected the authorizer to be a text, got: a map/],
  ['{ invokeMode: STREAM }', /expected invokeMode to be one of BUFFERED, RESPONSE_STREAM/],
  ['{ cors: { allowedOrigins: "*" } }', /expected allowedOrigins to be a list/],
  ['{ cors: { origin: "*" } }', /cors: unknown key "origin"/],
  ['yess', /expected the url of a to be true or false, got: "yess"/],
] as const) {
  test(`url: ${url} stops the start`, async () => {
    const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn: `url: ${url}` }) })
    assert.equal(errors.length, 1, errors.join('\n'))
    assert.match(errors[0] ?? '', message)
  })
}
