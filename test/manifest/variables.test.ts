import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { load, oneFunction, tryLoad } from './project.ts'
import type { LoadOptions } from '../../src/manifest/load.ts'

/** What `V: <value>` in the function's environment comes out as. */
async function valueOf(
  value: string,
  top = '',
  options: Partial<LoadOptions> = {},
  files = {},
): Promise<string | undefined> {
  const manifest = oneFunction({ fn: `environment:\n  V: ${value}`, top })
  const app = await load({ 'serverless.yml': manifest, ...files }, options)
  return app.functions[0]?.environment['V']
}

const CUSTOM = `custom:
  a: one
  n: 5
  yes: true
  none: null
  byStage: { dev: d, prod: p }
  list: [zero, first]
  self: \${self:custom.a}-\${self:custom.n}
`

for (const [value, expected] of [
  ['${self:custom.a}', 'one'],
  ['pre-${self:custom.a}-post', 'pre-one-post'],
  ['${self:custom.self}', 'one-5'],
  ['${self:custom.list.1}', 'first'],
  ['${self:custom.byStage.${sls:stage}}', 'd'],
  ["${self:custom.byStage.${opt:stage, 'prod'}}", 'p'],
  ["${opt:stage, 'fallback'}", 'fallback'],
  ['"${opt:stage, "double"}"'.replaceAll('"double"', String.raw`\"double\"`), 'double'],
  ['${opt:stage, self:provider.stage}', 'dev'],
  ['${opt:stage, ${self:custom.a}}', 'one'],
  ['${opt:nope, env:NOPE, self:custom.none, 7}', '7'],
  ['${opt:nope, true}', 'true'],
  ['${opt:nope, null}', undefined],
  ['${opt:stage}', 'dev'],
  ['${opt:region, null}', undefined],
  ['${env:HOME_TOWN}', 'Ulm'],
  ['${sls:stage}/${aws:region}/${aws:accountId}', 'dev/us-east-1/123456789012'],
  ['${self:provider.region}', 'us-east-1'],
  ["${strToBool('true')}", 'true'],
  ['${strToBool(${env:ZERO})}', 'false'],
  ['${param:key}', 'given'],
  ['${file(./x.yml):a.b}', 'deep'],
  ['${file(x.yml):own}', 'one'],
  ['${file(./${self:custom.a}.json):k}', 'json'],
  ['${file(./note.txt)}', 'plain text'],
  ["${file(./missing.yml):a, 'none'}", 'none'],
  [String.raw`\${self:custom.a}`, '${self:custom.a}'],
  ['${AWS::Region}', '${AWS::Region}'],
  ['{ "Fn::Sub": "${AWS::Region}-${self:custom.a}-${!Literal}" }', 'us-east-1-one-${Literal}'],
  ['!Sub ["${x}/${AWS::StackName}", { x: !Ref AWS::AccountId }]', '123456789012/s-dev'],
  ['!Join ["-", [a, !Ref "AWS::Region", "${self:custom.n}"]]', 'a-us-east-1-5'],
  ['!Ref AWS::NoValue', undefined],
] as const) {
  test(`${value} is ${expected}`, async () => {
    const files = {
      'x.yml': 'a: { b: deep }\nown: ${self:custom.a}',
      'one.json': '{ "k": "json" }',
      'note.txt': 'plain text\n',
    }
    const options = { env: { HOME_TOWN: 'Ulm', ZERO: '0' }, params: { key: 'given' } }
    assert.equal(await valueOf(value, CUSTOM, options, files), expected)
  })
}

test('a variable that is the whole value keeps its type, also a map', async () => {
  const manifest = oneFunction({
    fn: 'timeout: ${self:custom.t}\nenvironment: ${self:custom.env}',
    top: 'custom:\n  t: 9\n  env: { A: 1 }',
  })
  const [fn] = (await load({ 'serverless.yml': manifest })).functions
  assert.equal(fn?.timeoutMs, 9000)
  assert.deepEqual(fn.environment, { A: '1' })
})

test('parameters come from the command line, then the stage, then the defaults', async () => {
  const top = 'params:\n  default: { a: d, b: d, c: d }\n  prod: { a: p, b: p }'
  const options = { stage: 'prod', params: { a: 'cli' } }
  assert.equal(await valueOf('${param:a}${param:b}${param:c}', top, options), 'clipd')
})

for (const [value, placeholder, why] of [
  ['${ssm:/x/y}', '${ssm:/x/y}', 'ssm: is looked up only when deploying to AWS'],
  ['pre-${cf:stack.Out}', 'pre-${cf:stack.Out}', 'cf: is looked up only when deploying to AWS'],
  ['${env:NOPE}', '${env:NOPE}', 'NOPE is not set in the environment'],
  ['${file(./a.js):x}', '${file(./a.js):x}', 'a.js is a script, and scripts are not run'],
  ['${file(./a.yml)}', '${file(./a.yml)}', 'there is no file a.yml'],
  ['!Ref Table', '${Table}', 'Table exists only on AWS'],
  ['!GetAtt Table.Stream.Arn', '${Table.Stream.Arn}', 'Table.Stream.Arn exists only on AWS'],
  ['!Sub "a-${Table}-${AWS::Region}"', 'a-${Table}-us-east-1', 'Table exists only on AWS'],
  ['!ImportValue x', '${Fn::ImportValue}', 'Fn::ImportValue exists only on AWS'],
  ['${selv:custom.a}', '${selv:custom.a}', '"selv:" is no source known here, did you mean "self"?'],
  ['${self:custom.a', '${self:custom.a', 'its closing "}" is missing'],
] as const) {
  test(`${value} stays a placeholder, with one note that says why`, async () => {
    const manifest = oneFunction({ fn: `environment:\n  V: ${value}` })
    const { app, notes } = await tryLoad({ 'serverless.yml': manifest })
    assert.equal(app?.functions[0]?.environment['V'], placeholder)
    assert.deepEqual(notes, [`serverless.yml:9:10  V stays the text ${placeholder}: ${why}`])
  })
}

test('a misspelt key of self: is suggested', async () => {
  const manifest = oneFunction({
    fn: 'environment: { V: "${self:custom.tabl}" }',
    top: 'custom: { table: x }',
  })
  const { notes } = await tryLoad({ 'serverless.yml': manifest })
  assert.match(notes[0] ?? '', /there is no "tabl" at .*, did you mean "table"\?$/)
})

test('a fallback for a value that only a deployment knows is used, and said', async () => {
  const manifest = oneFunction({ fn: 'environment: { V: "${ssm:/x, \'local\'}" }' })
  const { app, notes } = await tryLoad({ 'serverless.yml': manifest })
  assert.equal(app?.functions[0]?.environment['V'], 'local')
  assert.match(notes[0] ?? '', /its fallback is used$/)
})

test('what nothing needs is never worked out', async () => {
  const top = 'custom: { a: "${self:custom.a}" }\nresources: ${file(./nowhere.js)}'
  const { app, notes } = await tryLoad({ 'serverless.yml': oneFunction({ top }) })
  assert.equal(app?.functions.length, 1)
  assert.deepEqual(notes, [])
})

test('variables that lead back to themselves are one error', async () => {
  const top = 'custom:\n  a: ${self:custom.b}\n  b: x${self:custom.a}'
  const manifest = oneFunction({ fn: 'environment: { V: "${self:custom.a}" }', top })
  const { errors } = await tryLoad({ 'serverless.yml': manifest })
  assert.deepEqual(errors, [
    'serverless.yml:10:6  expected a value, got variables that lead back to themselves: ${self:custom.b}',
  ])
})

test('texts that double in every step do not fill the memory', async () => {
  const lines = Array.from({ length: 40 }, (_, i) =>
    `  x${i}: "\${self:custom.x${i + 1}}".`.replace('".', `\${self:custom.x${i + 1}}"`),
  )
  const top = `custom:\n${lines.join('\n')}\n  x40: 0123456789`
  const manifest = oneFunction({ fn: 'environment: { V: "${self:custom.x0}" }', top })
  const { notes } = await tryLoad({ 'serverless.yml': manifest })
  assert.match(notes[0] ?? '', /too long/)
})

for (const [files, plugin, options, expected] of [
  [{ '.env': 'A=plain\nB=plain' }, 'useDotenv: true', {}, 'plain plain'],
  [{ '.env': 'A=plain\nB=plain', '.env.dev': 'A=dev' }, 'useDotenv: true', {}, 'dev none'],
  [{ '.env': 'A=plain', '.env.dev': 'A=dev' }, 'useDotenv: true', { stage: 'prod' }, 'plain none'],
  [{ '.env': 'A=plain\nB=${A}!' }, 'useDotenv: true', {}, 'plain plain!'],
  [{ '.env': 'A=plain' }, '', {}, 'none none'],
  [{ '.env': 'A=plain' }, 'useDotenv: true', { env: { A: 'real' } }, 'real none'],
  [{ 'my.env': 'A=mine' }, '', { envFile: 'my.env' }, 'mine none'],
  [{ 'my.env': 'A=mine' }, '', { envFile: 'my.env', env: { A: 'real' } }, 'real none'],
  [
    { '.env': 'A=plain\nB=plain', '.env.development': 'A=dev' },
    'plugins: [serverless-dotenv-plugin]',
    {},
    'dev plain',
  ],
] as const) {
  const names = Object.keys(files).join(', ')
  test(`dotenv: ${names} with "${plugin}" and ${JSON.stringify(options)} gives ${expected}`, async () => {
    const value = "${env:A, 'none'} ${env:B, 'none'}"
    assert.equal(await valueOf(value, plugin, options, files), expected)
  })
}

test('serverless-dotenv-plugin puts its variables into every function, but those excluded', async () => {
  const top = 'plugins: [serverless-dotenv-plugin]\ncustom: { dotenv: { exclude: [SECRET] } }'
  const files = { 'serverless.yml': oneFunction({ top }), '.env': 'A=1\nSECRET=2' }
  assert.deepEqual((await load(files)).functions[0]?.environment, { A: '1' })
})

const piece = fc.constantFrom(
  ...'${ } self: custom. a b c opt:stage env:X , file( ./x.yml): ssm:/p null 5 $ : ( )'.split(' '),
  'strToBool(',
  ' ',
  "'",
  '"',
  '\\',
)
const nested = fc.letrec<{ variable: string; source: string }>((tie) => ({
  source: fc.oneof(
    { maxDepth: 4, depthSize: 'max' },
    fc.constantFrom("'x'", '1', 'true', 'null', 'opt:stage', 'env:X', 'ssm:/p'),
    fc.constantFrom('self:custom.a', 'self:custom.b', 'self:custom.c', 'self:'),
    tie('variable').map((variable) => `self:custom.${variable}`),
    tie('variable').map((variable) => `file(./${variable}.yml):a`),
    tie('variable'),
  ),
  variable: fc
    .array(tie('source'), { minLength: 1, maxLength: 3, size: 'max' })
    .map((sources) => `\${${sources.join(', ')}}`),
}))
const anyText = fc.oneof(
  nested.variable,
  fc.tuple(nested.variable, nested.variable).map((both) => both.join('-')),
  fc.array(piece, { maxLength: 30, size: 'max' }).map((pieces) => pieces.join('')),
)

test(
  'any nesting of variables ends, and fails only with a ManifestError',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyText, anyText, async (a, b, c) => {
        const custom = JSON.stringify({ a, b, c })
        const manifest = oneFunction({
          fn: `environment: { A: "\${self:custom.a}", B: "\${self:custom.b}", C: "\${self:custom.c}" }`,
          top: `custom: ${custom}`,
        })
        const { app, errors } = await tryLoad({ 'serverless.yml': manifest })
        assert.equal(app === undefined, errors.length > 0)
        const values = Object.values(app?.functions[0]?.environment ?? {})
        assert.ok(values.every((value) => typeof value === 'string'))
      }),
      { numRuns: 300 },
    )
  },
)
