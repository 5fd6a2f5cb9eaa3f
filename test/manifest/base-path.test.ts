import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, oneFunction, tryLoad } from './project.ts'

const BOTH = 'events:\n  - http: GET /a\n  - httpApi: GET /b'
const PLUGIN = 'plugins: [serverless-domain-manager]\n'

function manifestOf(custom: string, plugins: string = PLUGIN): string {
  return oneFunction({ fn: BOTH, top: `${plugins}custom:\n${custom.replace(/^/gm, '  ')}` })
}

for (const [custom, rest, http] of [
  ['customDomain: { basePath: v1 }', '/v1', undefined],
  ['customDomain: { basePath: /a/b/ }', '/a/b', undefined],
  ['customDomain: { basePath: v1, apiType: http }', undefined, '/v1'],
  ['customDomain: { rest: { basePath: r }, http: { basePath: h } }', '/r', '/h'],
  ["customDomains: [{ http: { basePath: '' } }, { http: { basePath: h } }]", undefined, '/h'],
  ["customDomain: { basePath: '' }", undefined, undefined],
  ["customDomain: { basePath: '(none)' }", undefined, undefined],
  ["customDomain: { basePath: v1, enabled: 'false' }", undefined, undefined],
  ['customDomain: { domainName: x }', undefined, undefined],
] as const) {
  test(`${custom} puts ${rest ?? 'nothing'} before REST and ${http ?? 'nothing'} before HTTP APIs`, async () => {
    const { apis } = await load({ 'serverless.yml': manifestOf(custom) })
    assert.deepEqual(
      apis.map(({ basePath }) => basePath),
      [rest, http],
    )
  })
}

test('without the plugin its words mean nothing', async () => {
  const text = manifestOf('customDomain: { basePath: v1 }', '')
  const { apis } = await load({ 'serverless.yml': text })
  assert.deepEqual(
    apis.map(({ basePath }) => basePath),
    [undefined, undefined],
  )
})

test('a second base path is told, one that is no path is an error', async () => {
  const two = manifestOf('customDomains:\n- { basePath: a }\n- { basePath: b }')
  const { notes } = await tryLoad({ 'serverless.yml': two })
  assert.match(notes.join('\n'), /an API has one base path here: \/a is served, \/b is not/)
  const bad = await tryLoad({ 'serverless.yml': manifestOf('customDomain: { basePath: "a b" }') })
  assert.match(bad.errors.join('\n'), /expected basePath to be a path such as v1, got: "a b"/)
})

const service = (name: string, event: string, basePath?: string): string => `service: ${name}
functions: { f: { handler: ../h.handler, events: [${event}] } }
${basePath === undefined ? '' : `${PLUGIN}custom: { customDomain: { basePath: ${basePath}, apiType: http } }`}
`

for (const [what, one, other, message] of [
  [
    'the same route without base paths',
    service('one', '{ httpApi: GET /x }'),
    service('two', '{ httpApi: GET /x }'),
    'GET /x is claimed twice: here by two-dev-f, and by one-dev-f at one/serverless.yml:2:',
  ],
  [
    'the same route under the same base path',
    service('one', '{ httpApi: "GET /{a}" }', 'v1'),
    service('two', '{ httpApi: "GET /{b}" }', 'v1'),
    'GET /v1/{b} is claimed twice: here by two-dev-f',
  ],
  [
    'a route that spells out the base path of another',
    service('one', '{ httpApi: GET /x }', 'v1'),
    service('two', '{ httpApi: GET /v1/x }'),
    'GET /v1/x is claimed twice: here by two-dev-f',
  ],
  [
    'a route of an HTTP API that spells out the stage of a REST API',
    service('one', '{ http: GET /x }'),
    service('two', '{ httpApi: GET /dev/x }'),
    'GET /dev/x is claimed twice: here by two-dev-f',
  ],
] as const) {
  test(`two services with ${what} are an error that names both`, async () => {
    const files = { 'one/serverless.yml': one, 'two/serverless.yml': other }
    const { errors } = await tryLoad(files, { paths: ['one', 'two'] })
    assert.equal(errors.length, 1, errors.join('\n'))
    assert.ok(errors[0]?.includes(message), errors[0])
  })
}

test('two services with the same routes under base paths of their own are one application', async () => {
  const files = {
    'one/serverless.yml': service('one', '{ httpApi: GET /x }', 'a'),
    'two/serverless.yml': service('two', '{ httpApi: GET /x }', 'b'),
  }
  const { errors } = await tryLoad(files, { paths: ['one', 'two'] })
  assert.deepEqual(errors, [])
})

test('stage variables are those of the plugins that set them', async () => {
  const fn = 'events: [{ http: GET /a }, { httpApi: GET /b }]'
  const custom = `custom:
  stageVariables: { bucket: b, n: 1, gone: null }
  stageSettings: { Variables: { foo: bar } }`
  const variables = async (plugins: string): Promise<unknown> => {
    const top = `plugins: [${plugins}]\n${custom}`
    const { apis } = await load({ 'serverless.yml': oneFunction({ fn, top }) })
    return apis.map(({ stageVariables }) => stageVariables)
  }
  assert.deepEqual(await variables(''), [{}, {}])
  assert.deepEqual(await variables('serverless-plugin-stage-variables'), [
    { bucket: 'b', n: '1' },
    {},
  ])
  assert.deepEqual(await variables('serverless-api-stage'), [{ foo: 'bar' }, {}])
})

test('a REST route streams where its response says so', async () => {
  const fn = `events:
  - http: { path: a, method: get, response: { transferMode: stream } }
  - http: { path: b, method: get, response: { transferMode: BUFFERED } }`
  const { apis } = await load({ 'serverless.yml': oneFunction({ fn }) })
  assert.deepEqual(
    apis[0]?.routes.map(({ responseMode }) => responseMode),
    ['stream', undefined],
  )
  const bad = 'events: [{ http: { path: a, method: get, response: { transferMode: x } } }]'
  const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn: bad }) })
  assert.match(errors.join('\n'), /expected transferMode to be one of BUFFERED, STREAM, got: "x"/)
})
