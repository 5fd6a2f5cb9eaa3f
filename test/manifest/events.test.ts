import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, oneFunction, tryLoad } from './project.ts'

const manifestOf = (event: string, provider?: string): string =>
  oneFunction({ fn: `events:\n- ${event}`, ...(provider === undefined ? {} : { provider }) })

for (const [event, route] of [
  ['http: GET /a', 'rest GET /a 29000'],
  ['http: get a/b/', 'rest GET /a/b 29000'],
  ['http: ANY /{proxy+}', 'rest ANY /{proxy+} 29000'],
  ['http: { path: a, method: any }', 'rest ANY /a 29000'],
  ['http: { path: /, method: "*" }', 'rest ANY / 29000'],
  ['http: { path: a, method: put, timeoutInMillis: 50 }', 'rest PUT /a 50'],
  ['http: { path: a, method: put, integration: lambda-proxy }', 'rest PUT /a 29000'],
  ['http: { path: a, method: put, integration: AWS_PROXY }', 'rest PUT /a 29000'],
  ['http: { path: "${self:custom.p, \'q\'}", method: put }', 'rest PUT /q 29000'],
  ['httpApi: GET /a/', 'httpapi GET /a/ 30000'],
  ['httpApi: "*"', 'httpapi ANY $default 30000'],
  ['httpApi: { path: "*" }', 'httpapi ANY $default 30000'],
  ['httpApi: { path: "*", method: "*" }', 'httpapi ANY $default 30000'],
  ['httpApi: { path: /a, method: "*" }', 'httpapi ANY /a 30000'],
  ['httpApi: { path: "/a/{b}/{c+}", method: delete }', 'httpapi DELETE /a/{b}/{c+} 30000'],
  ['httpApi: { path: /a, method: get, timeout: 5 }', 'httpapi GET /a 5000'],
] as const) {
  test(`${event} is ${route}`, async () => {
    const app = await load({ 'serverless.yml': manifestOf(event) })
    const [api] = app.apis
    const found = api?.routes.map(
      ({ method, path, timeoutMs }) => `${api.front} ${method} ${path} ${timeoutMs}`,
    )
    assert.deepEqual(found, [route])
  })
}

for (const [event, message] of [
  ['http: /a', '9:13  expected the http event to be like "POST /lead/{leadId}", got: "/a"'],
  [
    'http: GTE /a',
    '9:13  expected the method to be one of ANY, GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, got: "GTE", did you mean "GET"?',
  ],
  ['http: { method: get }', '9:7  expected the http event to have a path, got: nothing'],
  ['http: { path: a }', '9:7  expected the http event to have a method, got: nothing'],
  [
    'httpApi: GET a',
    '9:16  expected the httpApi event to be like "POST /lead/{leadId}", got: "GET a"',
  ],
  [
    'http: GET /{a+}/b',
    '9:13  expected a path such as /lead/{leadId} or /files/{proxy+}, with {…+} only at its end, got: "GET /{a+}/b"',
  ],
  [
    'httpApi: { path: "/{a", method: get }',
    '9:24  expected a path such as /lead/{leadId} or /files/{proxy+}, with {…+} only at its end, got: "/{a"',
  ],
  [
    'httpApi: { path: "${ssm:/p}", method: get }',
    '9:24  expected the path of httpApi to be a text, got: ${ssm:/p}, and ssm: is looked up only when deploying to AWS',
  ],
  [
    'http: { path: a, method: get, integration: lambda }',
    '9:7  a: only the Lambda proxy integration is served yet, got: "lambda"',
  ],
  [
    'http: { path: a, method: get, async: true }',
    '9:7  a: routes with "async: true" are not served yet',
  ],
  ['http:\n  path: a\n  method: get', '9:7  expected "path" to be indented below "http"'],
] as const) {
  test(`${event.replaceAll('\n', ' ')} is an error at its place`, async () => {
    const { errors } = await tryLoad({ 'serverless.yml': manifestOf(event) })
    assert.deepEqual(errors, [`serverless.yml:${message}`])
  })
}

for (const [event, note] of [
  [
    'stream: arn:aws:dynamodb:us-east-1:1:table/t/stream/s',
    'DynamoDB and Kinesis streams are not served yet',
  ],
  ['websocket: $connect', 'WebSocket routes are not served yet'],
  ['alexaSkill', 'Alexa skills are not served yet'],
  ['shedule: rate(1 minute)', 'unknown event "shedule", did you mean "schedule"?'],
  ['myPluginsEvent: x', 'unknown event "myPluginsEvent"'],
] as const) {
  test(`${event} is one note`, async () => {
    const { app, notes } = await tryLoad({ 'serverless.yml': manifestOf(event) })
    assert.deepEqual(notes, [`serverless.yml:9:7  a: ${note}`])
    assert.deepEqual(app?.apis, [])
  })
}

test('the same route twice is an error that names both places, whatever its parameters are called', async () => {
  const fn =
    'events:\n  - http: GET /a/{id}\n  - http: { path: "/a/{name}", method: get }\n  - http: POST /a/{id}'
  const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn }) })
  assert.deepEqual(errors, [
    'serverless.yml:10:9  GET /a/{name} is claimed twice: here by s-dev-a, and by s-dev-a at serverless.yml:9:9',
  ])
})

test('payload 1.0 of an HTTP API is what its functions get', async () => {
  const provider = 'httpApi: { payload: "1.0" }'
  const fn = 'events: [{ httpApi: GET /a }]'
  const { app } = await tryLoad({ 'serverless.yml': oneFunction({ provider, fn }) })
  assert.equal(app?.apis[0]?.payload, '1.0')
})

test('a function with another payload than its API is refused', async () => {
  const fn = 'httpApi: { payload: "1.0" }\nevents: [{ httpApi: GET /a }]'
  const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn }) })
  assert.match(errors.join('\n'), /expected payload to be "2\.0" as of its API/)
})

test('a private route without a known key says that every request is refused', async () => {
  const event = 'http: { path: a, method: get, private: true }'
  const provider = 'apiGateway: { apiKeys: [{ name: n, value: "${ssm:/key}" }] }'
  const { app, notes } = await tryLoad({ 'serverless.yml': manifestOf(event, provider) })
  assert.deepEqual(app?.apis[0]?.apiKeys, [], 'a placeholder never opens a route')
  assert.match(
    notes.join('\n'),
    /no value of an API key is known here, so every request to this route is refused/,
  )
})

test('slips in the keys of the manifest and its provider are noted', async () => {
  const text = 'service: s\nprovider: { name: aws, timeot: 3 }\nfuncions: {}\n'
  const { notes } = await tryLoad({ 'serverless.yml': text })
  assert.deepEqual(
    notes.filter((note) => note.includes('unknown key')),
    [
      'serverless.yml:3:1  the manifest: unknown key "funcions", did you mean "functions"?',
      'serverless.yml:2:24  provider: unknown key "timeot", did you mean "timeout"?',
    ],
  )
})
