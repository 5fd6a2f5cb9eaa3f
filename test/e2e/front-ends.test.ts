import assert from 'node:assert/strict'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startCli } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'

/** `localhost` may have the first label of an API's id before it; the address is the same. */
async function ask(
  api: string,
  path: string,
  {
    host,
    method = 'GET',
    headers = {},
  }: { host?: string; method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; type: string | undefined; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>()
  const all = { ...headers, ...(host === undefined ? {} : { host }) }
  request(`${api}${path}`, { method, headers: all })
    .on('response', resolve)
    .on('error', reject)
    .end()
  const response = await promise
  const text = Buffer.concat((await response.toArray()) as Buffer[]).toString()
  return { status: response.statusCode ?? 0, type: response.headers['content-type'], text }
}

const ECHO = `export const handler = async (event, context) => ({
  statusCode: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ event, requestId: context.awsRequestId }),
})
`
const STREAM = `export const handler = awslambda.streamifyResponse(async (event, out) => {
  out = awslambda.HttpResponseStream.from(out, { statusCode: 201, headers: { 'content-type': 'text/x' } })
  out.write('one ')
  out.end('two')
})
`

const SHOP = {
  'serverless.yml': `service: shop
provider: { name: aws }
plugins: [serverless-domain-manager]
custom: { customDomain: { basePath: v1, apiType: http } }
functions:
  open: { handler: echo.handler, url: true }
  signed: { handler: echo.handler, url: { authorizer: aws_iam } }
  flow: { handler: stream.handler, url: { invokeMode: RESPONSE_STREAM } }
  api: { handler: echo.handler, events: [{ httpApi: 'GET /x/{id}' }] }
  rest:
    handler: stream.handler
    events: [{ http: { path: flow, method: get, response: { transferMode: STREAM } } }]
  lb:
    handler: echo.handler
    events:
      - alb: { listenerArn: { Ref: L }, priority: 2, multiValueHeaders: true, conditions: { path: /lb/* } }
      - alb: { listenerArn: { Ref: L }, priority: 1, conditions: { path: /lb/*, header: { name: x-one, values: [a*] } } }
`,
  'echo.mjs': ECHO,
  'stream.mjs': STREAM,
}

interface Echoed {
  readonly event: Record<string, any> // oxlint-disable-line typescript/no-explicit-any
  readonly requestId: string
}

describe('A handler file', () => {
  test('is a Function URL at /, under its own path and under its own name', async (t) => {
    const { api } = await startCli(t, ['dev', join(makeFolder({ 'hello.mjs': ECHO }), 'hello.mjs')])
    const echoed = async (path: string, host?: string): Promise<Echoed> =>
      JSON.parse((await ask(api, path, host === undefined ? {} : { host })).text) as Echoed
    const { event, requestId } = await echoed('/a%20b?x=1')
    assert.partialDeepStrictEqual(event, {
      version: '2.0',
      rawPath: '/a%20b',
      rawQueryString: 'x=1',
    })
    assert.partialDeepStrictEqual(event['requestContext'], { accountId: 'anonymous', requestId })
    const id: string = event['requestContext'].apiId
    assert.equal((await echoed('/_url/hello/a')).event['rawPath'], '/a')
    assert.equal((await echoed('/b', `${id}.localhost`)).event['rawPath'], '/b')
  })
})

describe('A service with front ends of every kind', () => {
  test('serves each in its place', async (t) => {
    const { api } = await startCli(t, ['dev', makeFolder(SHOP)])
    const event = async (
      path: string,
      headers: Record<string, string> = {},
    ): Promise<Echoed['event']> =>
      (JSON.parse((await ask(api, path, { headers })).text) as Echoed).event

    assert.equal((await event('/_url/open/a'))['rawPath'], '/a')
    assert.partialDeepStrictEqual(await ask(api, '/_url/signed'), { status: 403 })
    assert.deepEqual(await ask(api, '/_url/flow'), { status: 201, type: 'text/x', text: 'one two' })
    assert.deepEqual(await ask(api, '/dev/flow'), { status: 201, type: 'text/x', text: 'one two' })
    for (const path of ['/x/7', '/v1/x/7']) {
      const { rawPath, routeKey, pathParameters } = await event(path)
      assert.deepEqual([rawPath, routeKey, pathParameters], [path, 'GET /x/{id}', { id: '7' }])
    }
    const lists = await event('/lb/a')
    assert.deepEqual(lists['multiValueHeaders'].host, [new URL(api).host])
    assert.match(lists['requestContext'].elb.targetGroupArn, /:targetgroup\/shop-/)
    assert.equal((await event('/lb/a', { 'x-one': 'abc' }))['headers']['x-one'], 'abc')
    assert.partialDeepStrictEqual(await ask(api, '/nothing'), {
      status: 404,
      text: '{"message":"Not Found"}',
    })
  })
})
