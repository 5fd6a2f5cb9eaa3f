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
    's-dev-warm': { group: 's', provisionedConcurrency: 2 },
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
    '1:16  unknown key "reservedConcurrency"; expected one of maxConcurrency, guaranteedConcurrency, lend, weight, headroom, priority, maxWait, functions',
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
  const config = `groups: { g: { perTenant: { maxConcurrency: 1 } } }
functions: { report: { rate: 4 } }
tags: { db: { maxConcurrency: 8, onPartition: stop } }
`
  const { notes } = await tryLoad({ 'serverless.yml': two, 'spillway.yml': config })
  assert.deepEqual(
    notes.map((note) => note.replace(/^\S+ {2}/, '')).sort(),
    ['onPartition', 'perTenant', 'rate'].map((word) => `${word} is not enforced yet`),
  )
})

test('every word about limits is read', async () => {
  const config = `account:
  maxConcurrency: 500
  headroom: { batch: 100 }
groups:
  api: { guaranteedConcurrency: 40, lend: 10, weight: 3, priority: interactive, maxWait: 2s }
  etl: { maxConcurrency: 60, headroom: { batch: 5, async: 1 }, functions: [extract*] }
tags:
  orders-db: { maxConcurrency: 80, functions: [extract*, report] }
  team.slow: { maxConcurrency: 9 }
functions:
  extractA: { provisionedConcurrency: 2, guaranteedConcurrency: 3, lend: 1, weight: 2 }
  report:
    group: api
    maxConcurrency: 8
    tags: [team.slow]
    headroom: { async: 1 }
    perTenant: { maxConcurrency: 5, weight: 2 }
`
  const { limits } = await load({ 'serverless.yml': two, 'spillway.yml': config })
  assert.deepEqual(limits, {
    account: { maxConcurrency: 500, headroom: { batch: 100 } },
    groups: {
      api: {
        guaranteedConcurrency: 40,
        lend: 10,
        weight: 3,
        priority: 'interactive',
        maxWaitMs: 2000,
      },
      etl: { maxConcurrency: 60, headroom: { batch: 5, async: 1 } },
    },
    tags: { 'orders-db': { maxConcurrency: 80 }, 'team.slow': { maxConcurrency: 9 } },
    functions: {
      's-dev-extractA': {
        group: 'etl',
        tags: ['orders-db'],
        provisionedConcurrency: 2,
        guaranteedConcurrency: 3,
        lend: 1,
        weight: 2,
      },
      's-dev-extractB': { group: 'etl', reservedConcurrency: 3, tags: ['orders-db'] },
      's-dev-report': {
        group: 'api',
        maxConcurrency: 8,
        tags: ['orders-db', 'team.slow'],
        headroom: { async: 1 },
        perTenant: { maxConcurrency: 5, weight: 2 },
      },
    },
  })
})

test('tags add up, wherever a function gets them', async () => {
  const manifest = `service: s
functions:
  a: { handler: h.handler, tags: { 'spillway:tags': 'db, slow' } }
custom:
  spillway:
    tags: { db: { maxConcurrency: 4 }, slow: { maxConcurrency: 2 }, x: { maxConcurrency: 1 } }
    functions: { a: { tags: [x, x, db] } }
`
  const config = 'tags: { db: { maxConcurrency: 5, functions: [a] } }'
  const { limits } = await load({ 'serverless.yml': manifest, 'spillway.yml': config })
  assert.deepEqual(limits.functions['s-dev-a']?.tags?.toSorted(), ['db', 'slow', 'x'])
  assert.equal(limits.tags?.['db']?.maxConcurrency, 5)
})

test('a name may be any word, also one that every object has', async () => {
  const config = 'groups: { __proto__: { maxConcurrency: 5, functions: [report] } }'
  const { limits } = await load({ 'serverless.yml': two, 'spillway.yml': config })
  assert.ok(Object.hasOwn(limits.groups, '__proto__'))
  assert.equal(({} as Record<string, unknown>)['maxConcurrency'], undefined)
})

for (const [config, message] of [
  [
    'groups: { g: { weight: 0 } }',
    '1:24  expected weight to be a whole number of at least 1, got: 0',
  ],
  ['account: { headroom: { bach: 1 } }', '1:24  unknown key "bach", did you mean "batch"?'],
  ['account: { headroom: 5 }', '1:22  expected headroom to be a map, got: 5'],
  [
    'account: { headroom: { batch: 1000 } }',
    '1:24  account: batch work is to leave 1000 slots free of a maxConcurrency of 1000 and could never run; lower the headroom or raise the maxConcurrency',
  ],
  [
    'functions: { report: { perTenant: { weight: 0 } } }',
    '1:45  expected perTenant.weight to be a whole number of at least 1, got: 0',
  ],
  [
    'functions: { report: { tags: [ordersdb] } }\ntags: { orders-db: { maxConcurrency: 1 } }',
    '1:31  function s-dev-report: there is no tag "ordersdb" with a maxConcurrency, did you mean "orders-db"?',
  ],
  ['tags: { db: {} }', '1:9  expected tag db to have a maxConcurrency, got: nothing'],
  [
    'tags: { db: { functions: [report] } }',
    '1:27  function s-dev-report: there is no tag "db" with a maxConcurrency; write tags: { db: { maxConcurrency: … } }',
  ],
  [
    'tags: { db: { maxConcurrency: 1, functions: [reprot] } }',
    '1:46  no function is named "reprot", did you mean "report"?',
  ],
  [
    'tags: { db: { maxConcurrency: 1, lend: 1 } }',
    '1:34  unknown key "lend"; expected one of maxConcurrency, functions',
  ],
  ['mode: lambda', '1:7  expected mode to be one of spillway, aws, got: "lambda"'],
  [
    'groups: { g: { guaranteedConcurrency: 2, lend: 3 } }',
    '1:42  group g: it is to lend 3 of the 2 that it is guaranteed; lower lend or raise the guarantee',
  ],
  [
    'account: { maxConcurrency: 4 }\ngroups: { g: { guaranteedConcurrency: 2 } }',
    '1:12  account: 5 are guaranteed together (group s 3, group g 2), its maxConcurrency is 4; lower one of them or raise the account',
  ],
  [
    'groups: { g: { guaranteedConcurrency: 998 } }',
    '1:16  account: 1001 are guaranteed together (group g 998, group s 3), its maxConcurrency is 1000; lower one of them or raise the account',
  ],
] as const) {
  test(`${config.replace('\n', ' ')} is an error where it is written`, async () => {
    const { errors } = await tryLoad({ 'serverless.yml': two, 'spillway.yml': config })
    assert.deepEqual(errors, [`spillway.yml:${message}`])
  })
}

test('in mode aws what Lambda has not is noted, each thing once, and not in force', async () => {
  const config = `mode: aws
account: { maxConcurrency: 50, headroom: { batch: 60 } }
groups: { g: { guaranteedConcurrency: 400, functions: [extractA] } }
tags: { db: { maxConcurrency: 8, functions: [report] } }
functions:
  report: { maxWait: 1s, provisionedConcurrency: 2, timeout: 30m }
`
  const { app, notes } = await tryLoad({ 'serverless.yml': two, 'spillway.yml': config })
  assert.equal(app?.limits.mode, 'aws')
  const of = (what: string): string => `${what} is not in force: mode aws has Lambda's limits alone`
  assert.deepEqual(notes, [
    `serverless.yml:5:3  ${of('maxConcurrency of function s-dev-report')}`,
    `spillway.yml:2:44  ${of('headroom.batch of account')}`,
    `spillway.yml:3:16  ${of('guaranteedConcurrency of group g')}`,
    `spillway.yml:4:15  ${of('maxConcurrency of tag db')}`,
    `spillway.yml:6:13  ${of('maxWait of function s-dev-report')}`,
  ])
})

test('a tag that is no number is an error at its function', async () => {
  const fn = "tags: { 'spillway:max-concurrency': many }"
  const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn }) })
  assert.deepEqual(errors, [
    'serverless.yml:6:3  expected the tag spillway:max-concurrency to be a whole number of at least 0, got: "many"',
  ])
})

for (const [fn, limits] of [
  ['capacityProvider: fast', {}],
  ['capacityProvider: { name: fast, maxConcurrency: 10 }', {}],
  [
    'capacityProvider: { name: fast, maxConcurrency: 10, scaling: { min: 2, max: 5 } }',
    { provisionedConcurrency: 2, maxConcurrency: 50 },
  ],
  ['capacityProvider: { name: fast, scaling: { max: 2 } }', { maxConcurrency: 128 }],
  [
    'memorySize: 8192\ncapacityProvider: { name: fast, memoryPerVCpu: 4, scaling: { max: 2 } }',
    { maxConcurrency: 256 },
  ],
  [
    'capacityProvider: { name: fast, scaling: { min: 0, max: 0 } }',
    { provisionedConcurrency: 0, maxConcurrency: 0 },
  ],
  ['runtime: provided.al2023\ncapacityProvider: { scaling: { max: 3 } }', {}],
] as const) {
  test(`${fn.replace('\n', ', ')} is ${JSON.stringify(limits)}`, async () => {
    const app = await load({ 'serverless.yml': oneFunction({ fn }) })
    assert.deepEqual(app.limits.functions['s-dev-a'], { group: 's', ...limits })
  })
}

test('a capacity provider that cannot be meant is an error at its place', async () => {
  const fn = 'capacityProvider: { maxConcurrency: 0, scaling: { min: few, max: 20000 } }'
  const { errors } = await tryLoad({ 'serverless.yml': oneFunction({ fn }) })
  assert.deepEqual(errors, [
    'serverless.yml:8:60  expected capacityProvider.scaling.min to be a whole number from 0 to 15000, got: "few"',
    'serverless.yml:8:70  expected capacityProvider.scaling.max to be a whole number from 0 to 15000, got: 20000',
    'serverless.yml:8:41  expected capacityProvider.maxConcurrency to be a whole number from 1 to 1600, got: 0',
  ])
})

test('a runtime whose environments take nobody knows how much is noted', async () => {
  const fn = 'runtime: provided.al2023\ncapacityProvider: { scaling: { max: 3 } }'
  const { notes } = await tryLoad({ 'serverless.yml': oneFunction({ fn }) })
  assert.ok(
    notes.some((note) =>
      /^serverless.yml:9:\d+ {2}a: scaling.max is not used: .*write capacityProvider.maxConcurrency$/.test(
        note,
      ),
    ),
    notes.join('\n'),
  )
})
