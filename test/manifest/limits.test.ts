import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, oneFunction, tryLoad } from './project.ts'

const two = `service: s
functions:
  extractA: { handler: h.handler }
  extractB: { handler: h.handler, reservedConcurrency: 3 }
  report: { handler: h.handler, tags: { 'spillway:group': slow, 'spillway:max-concurrency': '7' } }
`

test('without a word about limits every function is in the group of its service', async () => {
  const { limits } = await load({ 'serverless.yml': oneFunction({}) })
  assert.deepEqual(limits, {
    account: { maxConcurrency: 1000 },
    groups: { s: {} },
    functions: { 's-dev-a': { group: 's' } },
  })
})

test("the manifest's own words are read: reserved, provisioned, resource tags", async () => {
  const manifest = `${two}  warm: { handler: h.handler, provisionedConcurrency: 2 }\n`
  const { limits } = await load({ 'serverless.yml': manifest })
  assert.deepEqual(limits.functions, {
    's-dev-extractA': { group: 's' },
    's-dev-extractB': { group: 's', reservedConcurrency: 3 },
    's-dev-report': { group: 'slow', maxConcurrency: 7 },
    's-dev-warm': { group: 's', guaranteedConcurrency: 2 },
  })
  assert.deepEqual(limits.groups, { s: {}, slow: {} })
})

test('spillway.yml wins over custom.spillway, which wins over the manifest, field by field', async () => {
  const custom = `custom:
  spillway:
    account: { maxConcurrency: 300 }
    functions:
      extractB: { reservedConcurrency: 4, maxWait: 1s, priority: batch }
      report: { group: custom, maxConcurrency: 8 }
`
  const config =
    'functions:\n  s-dev-extractB: { reservedConcurrency: 5, maxWait: 0 }\n  report: { group: config }\n'
  const { limits } = await load({ 'serverless.yml': two + custom, 'spillway.yml': config })
  assert.equal(limits.account.maxConcurrency, 300)
  assert.deepEqual(limits.functions['s-dev-extractB'], {
    group: 's',
    reservedConcurrency: 5,
    maxWaitMs: 0,
    priority: 'batch',
  })
  assert.deepEqual(limits.functions['s-dev-report'], { group: 'config', maxConcurrency: 8 })
  assert.deepEqual(Object.keys(limits.groups).sort(), ['config', 's'])
})

test('a group takes functions by key, deployed name and *, and the function has the last word', async () => {
  const config = `groups:
  etl: { maxConcurrency: 6, guaranteedConcurrency: 2, functions: [extract*, s-dev-rep*] }
functions:
  extractB: { group: other }
`
  const { limits } = await load({ 'serverless.yml': two, 'spillway.yml': config })
  const groups = Object.values(limits.functions).map(({ group }) => group)
  assert.deepEqual(groups, ['etl', 'other', 'etl'])
  assert.deepEqual(limits.groups['etl'], { maxConcurrency: 6, guaranteedConcurrency: 2 })
})

test('--config is used instead of the spillway.yml beside the manifest, for all services', async () => {
  const files = {
    'a/serverless.yml': two.replaceAll('h.handler', '../h.handler'),
    'a/spillway.yml': 'account: { maxConcurrency: 1 }',
    'b/serverless.yml': oneFunction({})
      .replace('h.handler', '../h.handler')
      .replace('service: s', 'service: t'),
    'limits.yml':
      'functions:\n  extractA: { maxConcurrency: 2 }\n  t-dev-a: { maxConcurrency: 3 }\n',
  }
  const { limits } = await load(files, { paths: ['a', 'b'], config: 'limits.yml' })
  assert.equal(limits.account.maxConcurrency, 1000)
  assert.equal(limits.functions['s-dev-extractA']?.maxConcurrency, 2)
  assert.equal(limits.functions['t-dev-a']?.maxConcurrency, 3)
})

test('a spillway.yml as the path leads to the manifest beside it', async () => {
  const files = { 'serverless.yml': two, 'spillway.yml': 'account: { maxConcurrency: 9 }' }
  const { limits, services } = await load(files, { paths: ['spillway.yml'] })
  assert.deepEqual([limits.account.maxConcurrency, services.length], [9, 1])
})

test('variables work in spillway.yml, and an unknown one is an error: a limit is no place for guesses', async () => {
  const config = 'account:\n  maxConcurrency: ${env:MAX}\n'
  const files = { 'serverless.yml': two, 'spillway.yml': config }
  const { limits } = await load(files, { env: { MAX: '12' } })
  assert.equal(limits.account.maxConcurrency, 12)
  const { errors } = await tryLoad(files)
  assert.deepEqual(errors, [
    'spillway.yml:2:19  expected maxConcurrency to be a whole number of at least 0, got: ${env:MAX}, and MAX is not set in the environment',
  ])
})

test('an empty spillway.yml says nothing', async () => {
  await load({ 'serverless.yml': two, 'spillway.yml': '# later\n' })
})

for (const [config, message] of [
  [
    'functions: { report: { maxConcurrency: "ten" } }',
    '1:40  expected maxConcurrency to be a whole number of at least 0, got: "ten"',
  ],
  [
    'functions: { report: { maxConcurrency: 1.5 } }',
    '1:40  expected maxConcurrency to be a whole number of at least 0, got: 1.5',
  ],
  [
    'functions: { report: { maxConcurency: 1 } }',
    '1:24  unknown key "maxConcurency", did you mean "maxConcurrency"?',
  ],
  ['functions: { reprot: {} }', '1:14  no function is named "reprot", did you mean "report"?'],
  ['groups: { g: { functions: [nope*] } }', '1:28  no function is named "nope*"'],
  [
    'groups: { g: { maxWait: soon } }',
    '1:25  expected maxWait to be a duration such as 250ms, 2s or 15m, got: "soon"',
  ],
  [
    'groups: { g: { priority: intractive } }',
    '1:26  expected priority to be one of interactive, async, batch, got: "intractive", did you mean "interactive"?',
  ],
  [
    'groups: { g: { reservedConcurrency: 1 } }',
    '1:16  unknown key "reservedConcurrency"; expected one of maxConcurrency, guaranteedConcurrency, priority, maxWait, functions',
  ],
  ['group: {}', '1:1  unknown key "group", did you mean "groups"?'],
  ['account: 5', '1:10  expected account to be a map, got: 5'],
  ['[1]', '1:1  expected the limits to be a map, got: a list'],
  [
    'trustedProxies: [10.0.0.0/33]',
    '1:18  expected an address or a range such as 10.0.0.0/8, got: "10.0.0.0/33"',
  ],
  [
    'groups: { a: { functions: [report] }, b: { functions: [rep*] } }',
    '1:56  group of function s-dev-report is b here and a at spillway.yml:1:28',
  ],
] as const) {
  test(`spillway.yml with ${config} is an error`, async () => {
    const { errors } = await tryLoad({ 'serverless.yml': two, 'spillway.yml': config })
    assert.deepEqual(errors, [`spillway.yml:${message}`])
  })
}

test('words of later releases are accepted with a note', async () => {
  const config = `account: { headroom: { batch: 1 } }
groups: { g: { weight: 2 } }
functions: { report: { perTenant: { maxConcurrency: 1 }, provisionedConcurrency: 1 } }
tags: { db: { maxConcurrency: 8 } }
`
  const { notes } = await tryLoad({ 'serverless.yml': two, 'spillway.yml': config })
  assert.deepEqual(
    notes.map((note) => note.replace(/^\S+ {2}/, '')).sort(),
    ['headroom', 'perTenant', 'provisionedConcurrency', 'tags', 'weight'].map(
      (word) => `${word} is not enforced yet`,
    ),
  )
})

test('a tag that is no number is an error at its function', async () => {
  const fn = "tags: { 'spillway:max-concurrency': many }"
  const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn }) })
  assert.deepEqual(errors, [
    'serverless.yml:6:3  expected the tag spillway:max-concurrency to be a whole number of at least 0, got: "many"',
  ])
})
