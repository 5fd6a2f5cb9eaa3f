import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, oneFunction, tryLoad } from './project.ts'

test('a function with nothing but a handler gets the defaults of the framework', async () => {
  const manifest = 'service: s\nfunctions:\n  a:\n    handler: h.handler\n'
  const app = await load({ 'serverless.yml': manifest })
  const [fn] = app.functions
  assert.deepEqual(
    { ...fn, taskRoot: '' },
    {
      name: 's-dev-a',
      key: 'a',
      service: 's',
      runtime: 'nodejs24.x',
      handler: 'h.handler',
      taskRoot: '',
      timeoutMs: 6000,
      memoryMb: 1024,
      description: '',
      environment: {},
      tags: {},
      logFormat: 'Text',
      environmentConcurrency: 1,
      layers: [],
      place: { ...fn?.place, line: 3, column: 3 },
    },
  )
  assert.deepEqual([app.stage, app.region, app.accountId], ['dev', 'us-east-1', '123456789012'])
})

test('the command line wins over the manifest for stage and region', async () => {
  const manifest = oneFunction({ provider: 'stage: qa\nregion: eu-west-1' })
  const app = await load({ 'serverless.yml': manifest })
  assert.deepEqual([app.stage, app.region, app.functions[0]?.name], ['qa', 'eu-west-1', 's-qa-a'])
  const other = await load({ 'serverless.yml': manifest }, { stage: 'x', region: 'y' })
  assert.deepEqual([other.stage, other.region, other.functions[0]?.name], ['x', 'y', 's-x-a'])
})

for (const [handler, files, resolved] of [
  ['h.handler', {}, 'h.handler'],
  ['src/a.b.c', { 'src/a.ts': '' }, 'src/a.b.c'],
  ['./src/a.main', { 'src/a.mts': '' }, './src/a.main'],
  ['dist/x.handler', { 'src/x.ts': '' }, 'src/x.handler'],
  ['dist/x.handler', { 'x.ts': '' }, 'x.handler'],
  ['dist/src/x.handler', { 'src/x.ts': '', 'dist/src/x.js': '' }, 'src/x.handler'],
  ['.build/x.handler', { 'x.ts': '' }, 'x.handler'],
  ['dist/x.handler', { 'dist/x.js': '' }, 'dist/x.handler'],
] as const) {
  test(`handler ${handler} with ${Object.keys(files).join(', ') || 'h.js'} is ${resolved}`, async () => {
    const manifest = `service: s\nfunctions: { a: { handler: ${handler} } }\n`
    const app = await load({ 'serverless.yml': manifest, ...files })
    assert.equal(app.functions[0]?.handler, resolved)
  })
}

for (const [handler, files, message] of [
  [
    'src/laed.post',
    { 'src/lead.ts': '', 'src/x.txt': '' },
    /^serverless\.yml:2:28 {2}expected the handler of a to be a file, got: "src\/laed\.post", and there is no src\/laed\.js, \.mjs, \.cjs or \.ts, did you mean "src\/lead"\?$/,
  ],
  [
    'src/unlike.post',
    { 'src/lead.ts': '' },
    /and there is no src\/unlike\.js, \.mjs, \.cjs or \.ts$/,
  ],
  [
    'src/lead',
    { 'src/lead.ts': '' },
    /got: "src\/lead", expected module\.export, such as "src\/lead\.handler"$/,
  ],
] as const) {
  test(`handler ${handler} is an error at its place`, async () => {
    const manifest = `service: s\nfunctions: { a: { handler: ${handler} } }\n`
    const { errors } = await tryLoad({ 'serverless.yml': manifest, ...files })
    assert.equal(errors.length, 1)
    assert.match(errors[0] ?? '', message)
  })
}

for (const [handler, files] of [
  ['app.handler', { 'app.py': '' }],
  ['src/app.lambda_handler', { 'src/app.py': '' }],
  ['src.app.handler', { 'src/app.py': '' }],
  ['src.handler', { 'src/__init__.py': '' }],
] as const) {
  test(`the Python handler ${handler} is taken as it is, with nothing to say`, async () => {
    const manifest = `service: s\nfunctions: { a: { handler: ${handler}, runtime: python3.13 } }\n`
    const app = await load({ 'serverless.yml': manifest, ...files })
    assert.deepEqual([app.functions[0]?.handler, app.notes], [handler, []])
  })
}

for (const [handler, message] of [
  ['src/ap.handler', /and there is no src\/ap\.py, did you mean "src\/app"\?$/],
  [
    'gone.handler',
    /^serverless\.yml:2:28 {2}expected the handler of a to be a file, .* no gone\.py$/,
  ],
  ['app', /got: "app", expected module\.function, such as "src\/lead\.handler"$/],
] as const) {
  test(`the Python handler ${handler} is an error at its place`, async () => {
    const manifest = `service: s\nfunctions: { a: { handler: ${handler}, runtime: python3.13 } }\n`
    const { errors } = await tryLoad({ 'serverless.yml': manifest, 'src/app.py': '' })
    assert.equal(errors.length, 1)
    assert.match(errors[0] ?? '', message)
  })
}

for (const [line, message] of [
  ['timeout: 0', 'expected timeout to be a whole number of seconds from 1 to 900, got: 0'],
  ['timeout: 901', 'expected timeout to be a whole number of seconds from 1 to 900, got: 901'],
  ['timeout: 1.5', 'expected timeout to be a whole number of seconds from 1 to 900, got: 1.5'],
  ['timeout: "30s"', 'expected timeout to be a whole number of seconds from 1 to 900, got: "30s"'],
  [
    'memorySize: [1]',
    'expected memorySize to be a whole number of MB from 128 to 32768, got: a list',
  ],
  [
    'reservedConcurrency: -1',
    'expected reservedConcurrency to be a whole number of at least 0, got: -1',
  ],
  ['environment: [A]', 'expected environment to be a map, got: a list'],
  ['environment: { A: { b: 1 } }', 'expected A to be a text, got: a map'],
  ['events: { http: GET / }', 'expected the events of a to be a list, got: a map'],
  ['name: a b', 'expected the name of a to be of letters, digits, "-" and "_", got: "a b"'],
  [
    'logs: { logFormat: jsno }',
    'expected logFormat to be one of Text, JSON, got: "jsno", did you mean "JSON"?',
  ],
] as const) {
  test(`${line} is an error`, async () => {
    const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn: line }) })
    assert.equal(errors.length, 1)
    assert.ok(errors[0]?.endsWith(`  ${message}`), errors[0])
  })
}

for (const [line, note] of [
  ['layers: [x]', 'a: a layer is not loaded: there is no folder x'],
  [
    'layers: ["arn:aws:lambda:us-east-1:123456789012:layer:lib:3"]',
    'a: a layer is not loaded: arn:aws:lambda:us-east-1:123456789012:layer:lib:3 is on AWS; to have it, put its content into a folder and write that folder’s path here instead',
  ],
  [
    'layers: [{ Ref: OtherLambdaLayer }]',
    'a: a layer is not loaded: OtherLambdaLayer exists only on AWS',
  ],
  ['enviroment: { A: 1 }', 'a: unknown key "enviroment", did you mean "environment"?'],
  [
    'runtime: java21',
    'a: the runtime java21 is not served yet; with a bootstrap of its own and the runtime provided.al2023 it is',
  ],
  [
    'timeout: ${ssm:/t}',
    'timeout is taken as not set: ssm: is looked up only when deploying to AWS',
  ],
  [
    'capacityProvider: fast',
    'a: of the capacity provider only the limits are used: the function runs here',
  ],
] as const) {
  test(`${line} is a note`, async () => {
    const { app, notes } = await tryLoad({ 'serverless.yml': oneFunction({ fn: line }) })
    assert.equal(app?.functions.length, 1)
    assert.equal(notes.length, 1)
    assert.ok(notes[0]?.endsWith(`  ${note}`), notes[0])
  })
}

test('the function wins over the provider, key by key in environment and tags', async () => {
  const manifest = oneFunction({
    provider:
      'timeout: 20\nenvironment: { A: p, B: p }\nstackTags: { t: s, u: s }\ntags: { u: p }\nlogs: { lambda: { logFormat: JSON } }',
    fn: 'timeout: 5\nenvironment: { B: f, C: true }\ntags: { v: f }\nname: own-name\ndescription: d',
  })
  const [fn] = (await load({ 'serverless.yml': manifest })).functions
  assert.deepEqual(fn?.environment, { A: 'p', B: 'f', C: 'true' })
  assert.deepEqual(fn.tags, { t: 's', u: 'p', v: 'f' })
  assert.deepEqual(
    [fn.timeoutMs, fn.name, fn.description, fn.logFormat],
    [5000, 'own-name', 'd', 'JSON'],
  )
})

test('two functions of one deployed name are an error that names both places', async () => {
  const manifest =
    'service: s\nfunctions:\n  a: { handler: h.handler, name: x }\n  b: { handler: h.handler, name: x }\n'
  const { errors } = await tryLoad({ 'serverless.yml': manifest })
  assert.deepEqual(errors, [
    'serverless.yml:4:3  two functions are named x: here, and at serverless.yml:3:3',
  ])
})

test('a service without functions is fine, with a note', async () => {
  const { app, notes } = await tryLoad({ 'serverless.yml': 'service: s\n' })
  assert.deepEqual(app?.functions, [])
  assert.deepEqual(notes, ['serverless.yml:1:1  no functions here'])
})

for (const [plugins, notes] of [
  ['[serverless-offline, serverless-webpack, serverless-prune-plugin]', []],
  ['{ modules: [serverless-offline] }', []],
  ['[serverless-wsgi]', ['serverless-wsgi: its Python web applications are not served yet']],
  ['[./plugins/mine]', ['./plugins/mine: plugins are not run; what it changes is not seen here']],
] as const) {
  test(`plugins ${plugins} give ${notes.length} notes`, async () => {
    const loaded = await tryLoad({ 'serverless.yml': oneFunction({ top: `plugins: ${plugins}` }) })
    assert.deepEqual(
      loaded.notes.map((note) => note.replace(/^\S+ {2}/, '')),
      notes,
    )
  })
}
