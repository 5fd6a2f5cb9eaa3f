import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { formatProblem } from '../../src/lib/errors.ts'
import { loadApp } from '../../src/manifest/load.ts'
import type { App } from '../../src/model/app.ts'
import { load, oneFunction, tryLoad } from './project.ts'

const fixtures = fileURLToPath(new URL('../fixtures/manifest/', import.meta.url))

function withRoute(service: string, event: string): string {
  return `service: ${service}\nfunctions:\n  f:\n    handler: ../h.handler\n    events:\n      - ${event}\n`
}

function routesOf(app: App): string[] {
  return app.apis.flatMap(({ front, routes }) =>
    routes.map((route) => `${front} ${route.method} ${route.path} ${route.functionName}`),
  )
}

test('a service as people write them: dotenv, nested variables, tags, HTTP API, spillway.yml', async () => {
  const app = await loadApp({ paths: [`${fixtures}leads`], env: {} })
  assert.deepEqual(routesOf(app), [
    'httpapi POST /lead/{leadId} leads-dev-postLead',
    'httpapi GET /lead/{leadId} leads-dev-getLead',
    'httpapi ANY $default leads-dev-getLead',
  ])
  const [post, get, worker] = app.functions
  assert.equal(post?.environment['TABLE'], 'leads-table-dev')
  assert.equal(post.environment['MAILER'], 'smtp://mail.example')
  assert.equal(
    post.environment['QUEUE_URL'],
    'https://sqs.eu-central-1.amazonaws.com/123456789012/leads',
  )
  assert.deepEqual([post.runtime, post.timeoutMs, post.memoryMb], ['nodejs22.x', 10_000, 512])
  assert.equal(get?.timeoutMs, 3000)
  assert.equal(worker?.handler, 'src/worker.handler', 'dist/ is answered with its source')
  assert.equal(worker.timeoutMs, 1_800_000, 'spillway.yml goes beyond 900 s')
  assert.equal('MAILER' in worker.environment, false, 'null takes a variable away')
  assert.equal(worker.environment['BATCH'], '10')
  assert.deepEqual(app.limits, {
    account: { maxConcurrency: 200, headroom: { batch: 20 } },
    groups: {
      etl: { maxConcurrency: 40, priority: 'batch', maxWaitMs: 30_000 },
      reads: {},
      leads: {},
    },
    functions: {
      'leads-dev-postLead': { group: 'leads' },
      'leads-dev-getLead': {
        group: 'reads',
        maxConcurrency: 50,
        maxWaitMs: 250,
      },
      'leads-dev-worker': { group: 'etl', reservedConcurrency: 20 },
    },
  })
  assert.deepEqual(app.trustedProxies, ['10.0.0.0/8'])
  assert.deepEqual(
    app.files,
    ['serverless.yml', '.env', 'spillway.yml'].map((name) => `${fixtures}leads/${name}`),
  )
  assert.deepEqual(
    app.notes.map((note) => formatProblem(note).replace(/^.*?leads\//, '')),
    [
      'serverless.yml:9:5  serverless-step-functions: its state machines are not run',
      'serverless.yml:28:16  TABLE_ARN stays the text ${LeadsTable.Arn}: LeadsTable.Arn exists only on AWS',
      'serverless.yml:30:16  API_TOKEN stays the text ${ssm:/leads/token}: ssm: is looked up only when deploying to AWS',
      'serverless.yml:52:21  the queue of worker is taken as not set: LeadsQueue.Arn exists only on AWS',
    ],
  )
})

test('a deployed name in spillway.yml belongs to its stage, and another one is suggested', async () => {
  const loading = loadApp({ paths: [`${fixtures}leads`], stage: 'prod', env: { MAILER: 'real' } })
  await assert.rejects(loading, {
    code: 'SPILLWAY_MANIFEST',
    message:
      /spillway\.yml:6:3 {2}no function is named "leads-dev-worker", did you mean "leads-prod-worker"\?$/,
  })
})

test('a service in several files: custom, functions and environment by file(), REST, API keys', async () => {
  const app = await loadApp({ paths: [`${fixtures}shop/serverless.yml`], env: {} })
  assert.deepEqual(routesOf(app), [
    'rest GET /products shop-staging-list',
    'rest POST /products shop-staging-list',
    'rest GET /report shop-staging-report',
    'rest ANY /images/{proxy+} shop-images',
  ])
  const [api] = app.apis
  assert.deepEqual([api?.stage, api?.payload], ['staging', '1.0'])
  assert.deepEqual(
    api?.routes.map(({ timeoutMs }) => timeoutMs),
    [29_000, 5000, 29_000, 29_000],
  )
  assert.deepEqual(
    api.routes.map(({ apiKeyRequired }) => apiKeyRequired),
    [true, false, false, false],
  )
  assert.deepEqual(api.apiKeys, ['s3cret', 'g0ld'])
  assert.deepEqual(api.binaryMediaTypes, ['image/*'])
  assert.deepEqual(app.functions[0]?.environment, { LOG: 'debug', MAIL: 'help@example.com' })
  assert.deepEqual(app.limits.groups['reads'], { guaranteedConcurrency: 10 })
  assert.deepEqual(app.limits.functions['shop-staging-list'], {
    group: 'reads',
    maxConcurrency: 25,
  })
  assert.match(app.functions[0].place.file, /shop\/config\/functions\.yml$/)
})

test('a handler file is served whole, as a Function URL', async () => {
  const app = await loadApp({ paths: [`${fixtures}hello.mjs`], env: {} })
  assert.deepEqual(routesOf(app), ['function-url ANY $default hello'])
  assert.deepEqual([app.apis[0]?.stage, app.apis[0]?.basePath], ['$default', '/_url/hello'])
  assert.deepEqual(
    [app.functions[0]?.handler, app.functions[0]?.runtime],
    ['hello.handler', 'nodejs24.x'],
  )
  assert.deepEqual(app.limits.functions, { hello: { group: 'hello' } })
})

for (const [text, handler] of [
  ['def handler(event, context):\n    pass\n', 'app.handler'],
  ['import x\ndef lambda_handler(event, context):\n    pass\n', 'app.lambda_handler'],
  ['handler = wrap(app)\ndef lambda_handler(e, c): pass\n', 'app.handler'],
  ['', 'app.handler'],
] as const) {
  test(`a Python file is served by ${handler}: ${JSON.stringify(text)}`, async () => {
    const app = await load({ 'app.py': text }, { paths: ['app.py'] })
    assert.deepEqual(
      app.functions.map((fn) => [fn.name, fn.handler, fn.runtime]),
      [['app', handler, 'python3.13']],
    )
  })
}

test('several paths are one application, in the stage of its manifests', async () => {
  const app = await loadApp({
    paths: ['hello.mjs', 'shop'].map((p) => fixtures + p),
    env: {},
  })
  assert.deepEqual(
    app.services.map(({ name }) => name),
    ['hello', 'shop'],
  )
  assert.equal(app.stage, 'staging')
  assert.equal(app.functions.length, 4)
})

test('a folder and the manifest in it are the same service', async () => {
  const app = await load({ 'serverless.yml': oneFunction({}) }, { paths: ['.', 'serverless.yml'] })
  assert.equal(app.services.length, 1)
})

test('API ids are ten letters and digits, the same in every run, another for each stage', async () => {
  const manifest = oneFunction({ fn: 'events:\n  - http: GET /\n  - httpApi: GET /' })
  const ids = async (stage: string): Promise<string[]> =>
    (await load({ 'serverless.yml': manifest }, { stage })).apis.map(({ id }) => id)
  const [rest, http] = await ids('dev')
  assert.deepEqual(await ids('dev'), [rest, http])
  assert.match(rest ?? '', /^[a-z0-9]{10}$/)
  assert.equal(new Set([rest, http, ...(await ids('prod'))]).size, 4)
})

test('serverless.json and serverless.yaml are read like serverless.yml', async () => {
  const json =
    '{\n\t"service": "s",\n\t"functions": { "a": { "handler": "h.handler", "timeout": 2 } }\n}'
  assert.equal((await load({ 'serverless.json': json })).functions[0]?.timeoutMs, 2000)
  assert.equal((await load({ 'serverless.yaml': oneFunction({}) })).functions[0]?.name, 's-dev-a')
})

for (const [files, paths, message] of [
  [{}, [], '.:1:1  expected a directory, a serverless.yml or a handler file, got no path'],
  [{}, [''], '"":1:1  expected a path, got an empty one'],
  [{}, ['nowhere'], 'nowhere:1:1  there is no such file or directory'],
  [
    { 'd/readme': '' },
    ['d'],
    /^d:1:1 {2}no serverless\.yml, serverless\.yaml, serverless\.json here; name .* a handler file such as hello\.mjs$/,
  ],
  [{ 'd/serverless.ts': '' }, ['d'], /and serverless\.ts is not read yet$/],
  [{ 'd/template.yaml': '' }, ['d'], /and template\.yaml is not read yet$/],
  [{ 'd/spillway.yml': '' }, ['d/spillway.yml'], /^d\/spillway\.yml:1:1 {2}no serverless\.yml/],
  [{}, ['app.py'], 'app.py:1:1  there is no such file or directory'],
  [{ 'a.txt': '' }, ['a.txt'], /expected a directory, a serverless\.yml or a handler file/],
  [
    { 'a.b.mjs': '' },
    ['a.b.mjs'],
    'a.b.mjs:1:1  expected a name without another dot, such as hello.mjs',
  ],
] as const) {
  test(`path ${JSON.stringify(paths)} is refused: ${String(message)}`, async () => {
    const { errors } = await tryLoad(files, { paths: [...paths] })
    assert.equal(errors.length, 1)
    if (typeof message === 'string') assert.equal(errors[0], message)
    else assert.match(errors[0] ?? '', message)
  })
}

test('a missing --config or --env-file is an error that names it', async () => {
  const files = { 'serverless.yml': oneFunction({}) }
  const { errors } = await tryLoad(files, { config: 'no.yml', envFile: 'no.env' })
  assert.deepEqual(errors, [
    'no.env:1:1  there is no such --env-file',
    'no.yml:1:1  there is no such --config file',
  ])
})

test('two services that claim one route are an error that names both places', async () => {
  const files = {
    'a/serverless.yml': withRoute('a', 'httpApi: GET /x/{id}'),
    'b/serverless.yml': withRoute('b', 'httpApi: GET /x/{id}'),
  }
  const { errors } = await tryLoad(files, { paths: ['a', 'b'] })
  assert.deepEqual(errors, [
    'b/serverless.yml:6:9  GET /x/{id} is claimed twice: here by b-dev-f, and by a-dev-f at a/serverless.yml:6:9',
  ])
})

test('two services may have the same path on different kinds of API', async () => {
  const files = {
    'a/serverless.yml': withRoute('a', 'http: GET /x'),
    'b/serverless.yml': withRoute('b', 'httpApi: GET /x'),
  }
  assert.equal((await load(files, { paths: ['a', 'b'] })).apis.length, 2)
})

test('all problems are reported at once', async () => {
  const { errors } = await tryLoad({
    'serverless.yml': `service: s
provider: { name: aws, timeout: soon }
functions:
  a:
    handler: nowhere.handler
    events:
      - http: FETCH /a
      - httpApi: { path: /b, method: GET, authorizer: check }
  b:
    memorySize: 12
`,
    'spillway.yml': 'functions:\n  a: { maxConcurrency: "ten" }\n',
  })
  assert.deepEqual(errors, [
    'serverless.yml:5:14  expected the handler of a to be a file, got: "nowhere.handler", and there is no nowhere.js, .mjs, .cjs or .ts',
    'serverless.yml:2:33  expected timeout to be a whole number of seconds from 1 to 900, got: "soon"',
    'serverless.yml:9:3  expected b to have a handler, got: nothing',
    'serverless.yml:10:17  expected memorySize to be a whole number of MB from 128 to 32768, got: 12',
    'serverless.yml:7:15  expected the method to be one of ANY, GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, got: "FETCH"',
    'serverless.yml:8:43  a: there is no authorizer "check" in provider.httpApi.authorizers',
    'spillway.yml:2:24  expected maxConcurrency to be a whole number of at least 0, got: "ten"',
  ])
})
