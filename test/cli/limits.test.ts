import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { changedLines } from '../../src/cli/changed-lines.ts'
import { limitsLines } from '../../src/cli/limits-lines.ts'
import { parseChange } from '../../src/cli/parse-change.ts'
import { describeValue, nameOfLimit } from '../../src/gate/limits/limit-words.ts'
import { LIMIT_FIELDS, type LimitChange } from '../../src/gate/limits/limits.ts'
import type { GateSnapshot } from '../../src/gate/snapshot.ts'
import { SpillwayError } from '../../src/lib/errors.ts'

describe('A change of a limit', () => {
  const table: [string, LimitChange][] = [
    ['account=200', { scope: 'account', name: '', field: 'maxConcurrency', value: 200 }],
    ['account.maxConcurrency=1', { scope: 'account', name: '', field: 'maxConcurrency', value: 1 }],
    ['group:etl=20', { scope: 'group', name: 'etl', field: 'maxConcurrency', value: 20 }],
    [
      'group:etl.guaranteedConcurrency=5',
      { scope: 'group', name: 'etl', field: 'guaranteedConcurrency', value: 5 },
    ],
    [
      'fn:leads-dev-report=0',
      { scope: 'function', name: 'leads-dev-report', field: 'maxConcurrency', value: 0 },
    ],
    [
      'fn:report.reservedConcurrency=none',
      { scope: 'function', name: 'report', field: 'reservedConcurrency', value: null },
    ],
    [
      'group:team.etl.maxConcurrency=3',
      { scope: 'group', name: 'team.etl', field: 'maxConcurrency', value: 3 },
    ],
    ['group:team.etl=3', { scope: 'group', name: 'team.etl', field: 'maxConcurrency', value: 3 }],
    ['tag:orders-db=40', { scope: 'tag', name: 'orders-db', field: 'maxConcurrency', value: 40 }],
    [
      'account.headroom.batch=10',
      { scope: 'account', name: '', field: 'headroom.batch', value: 10 },
    ],
    ['group:api.maxWait=2s', { scope: 'group', name: 'api', field: 'maxWaitMs', value: 2000 }],
    [
      'fn:report.maxWait=1.5m',
      { scope: 'function', name: 'report', field: 'maxWaitMs', value: 90_000 },
    ],
    ['fn:report.weight=2', { scope: 'function', name: 'report', field: 'weight', value: 2 }],
    [
      'fn:report:live.provisionedConcurrency=2',
      { scope: 'version', name: 'report:live', field: 'provisionedConcurrency', value: 2 },
    ],
  ]
  for (const [text, change] of table) {
    test(`is read from the command line (${text})`, () => {
      assert.deepEqual(parseChange(text), change)
    })
  }

  const wrong = [
    '',
    'account',
    'account=',
    'account=-1',
    'account=1.5',
    'account=ten',
    'account:x=1',
    'accounts=1',
    'group=1',
    'group:=1',
    'function:report=1',
    'fn:report.maxConcurency=1',
    'fn:report.priority=1',
    'fn:report=1 ',
    'fn:report=1,fn:other=2',
    'tag:=1',
    'group:api.maxWait=soon',
    'group:api.maxWait=0.1ms',
    'group:api.maxwait=2s',
    'account.headroom.bach=1',
  ]
  for (const text of wrong) {
    test(`is refused with the forms there are (${JSON.stringify(text)})`, () => {
      assert.throws(
        () => parseChange(text),
        (error) =>
          SpillwayError.is(error) &&
          error.exitCode === 2 &&
          error.message.startsWith(`cannot read "${text}":`) &&
          error.message.includes(' expected account=200, group:etl=20, '),
      )
    })
  }

  test('that misspells a field is told the nearest one', () => {
    assert.throws(() => parseChange('fn:report.maxConcurency=1'), {
      message:
        /^cannot read "fn:report\.maxConcurency=1": no field "maxConcurency", did you mean "maxConcurrency"\?; expected account=200/,
    })
  })

  test('is read from what it is called elsewhere', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
    const version = fc.tuple(name, name).map((parts) => parts.join(':'))
    const change = fc
      .constantFrom('account', 'group', 'tag', 'function', 'version')
      .chain((scope) =>
        fc.record(
          {
            scope: fc.constant(scope),
            name: scope === 'account' ? fc.constant('') : scope === 'version' ? version : name,
            field: fc.constantFrom(...LIMIT_FIELDS[scope]),
            value: fc.option(fc.nat({ max: 1e9 })),
          },
          { noNullPrototype: true },
        ),
      ) as fc.Arbitrary<LimitChange>
    fc.assert(
      fc.property(change, (given) => {
        const text = `${nameOfLimit(given)}=${describeValue(given.field, given.value)}`
        assert.deepEqual(parseChange(text), given)
      }),
    )
  })
})

const CONFIG = {
  account: { maxConcurrency: 100, headroom: { batch: 10 } },
  groups: { shop: {}, etl: { maxConcurrency: 5, guaranteedConcurrency: 4, lend: 2, weight: 3 } },
  tags: { db: { maxConcurrency: 3 } },
  functions: {
    'shop-lead': { group: 'shop', tags: ['db'] },
    'shop-load': {
      group: 'etl',
      tags: ['db'],
      versions: { live: { provisionedConcurrency: 2 } },
    },
  },
}

const NOBODY = { interactive: 0, async: 0, batch: 0 }
const IDLE = {
  maxConcurrency: null,
  guaranteedConcurrency: 0,
  lend: 0,
  weight: 1,
  headroom: NOBODY,
  inUse: 0,
  claimed: 0,
  over: 0,
  waiting: NOBODY,
  holders: [],
}
const FUNCTION = { ...IDLE, tagNames: ['db'], refused: null, below: [] }
const LOADING = { functionName: 'shop-load', inUse: 12, oldestMs: 61_000 }
const ALL = { ...NOBODY, interactive: 3, batch: 40 }
const GATE: GateSnapshot = {
  mode: 'spillway',
  account: {
    ...IDLE,
    name: '',
    maxConcurrency: 100,
    inUse: 14,
    waiting: ALL,
    headroom: { ...NOBODY, batch: 10 },
  },
  groups: [
    { ...IDLE, name: 'shop', inUse: 2, waiting: { ...NOBODY, interactive: 3 } },
    {
      ...IDLE,
      name: 'etl',
      maxConcurrency: 5,
      guaranteedConcurrency: 4,
      lend: 2,
      weight: 3,
      inUse: 12,
      over: 7,
      waiting: { ...NOBODY, batch: 40 },
      holders: [LOADING],
    },
  ],
  tags: [{ ...IDLE, name: 'db', maxConcurrency: 3, inUse: 14, over: 11, waiting: ALL }],
  functions: [
    {
      ...FUNCTION,
      name: 'shop-lead',
      group: 'shop',
      inUse: 2,
      slots: 2,
      waiting: { ...NOBODY, interactive: 3 },
      oldestWaitMs: 5,
      blockedBy: 'environment',
      waits: [
        {
          priority: 'interactive',
          count: 3,
          oldestMs: 5,
          blockedBy: 'environment',
          why: 'environment',
          estimateMs: null,
        },
      ],
    },
    {
      ...FUNCTION,
      name: 'shop-load',
      group: 'etl',
      guaranteedConcurrency: 2,
      inUse: 12,
      slots: 12,
      waiting: { ...NOBODY, batch: 40 },
      oldestWaitMs: 8000,
      blockedBy: 'group/etl',
      waits: [
        {
          priority: 'batch',
          count: 40,
          oldestMs: 8000,
          blockedBy: 'group/etl',
          why: 'maxConcurrency',
          estimateMs: 90_000,
        },
      ],
      below: [
        {
          ...IDLE,
          scope: 'version',
          name: 'shop-load:live',
          guaranteedConcurrency: 2,
          inUse: 1,
        },
      ],
    },
  ],
}

describe('The limits of a running node', () => {
  test('are a table of who may use what, and below it what everyone waits for', () => {
    assert.deepEqual(limitsLines(GATE), [
      '                   max  guaranteed  lends  weight  leaves free  in use  waiting                  blocked by',
      'account            100                             10 batch     14      3 interactive, 40 batch',
      'group:shop         –                                            2       3 interactive',
      'group:etl          5    4           2      3                    12      40 batch                             over by 7, draining',
      'tag:db             3                                            14      3 interactive, 40 batch              over by 11, draining',
      'fn:shop-lead       –                                            2       3 interactive',
      'fn:shop-load       –    2                                       12      40 batch                 group/etl',
      'fn:shop-load:live  –    2                                       1',
      '',
      'fn:shop-lead: 3 interactive, for up to 5ms: for an environment',
      'fn:shop-load: 40 batch, for up to 8s, about 90s more: for group/etl (maxConcurrency), held by shop-load 12, the longest for 61s',
    ])
  })

  test('that were changed are told old and new, with what that means now', () => {
    const changed = [
      { scope: 'group', name: 'etl', field: 'maxConcurrency', value: 5, from: 20 },
      { scope: 'tag', name: 'db', field: 'maxConcurrency', value: 30, from: 3 },
      { scope: 'group', name: 'etl', field: 'maxWaitMs', value: 2000, from: null },
    ] as const
    const config = { ...CONFIG, tags: { db: { maxConcurrency: 30 } } }
    const tags = GATE.tags.map((tag) => ({ ...tag, maxConcurrency: 30, over: 0 }))
    const view = { config, gate: { ...GATE, tags }, changed }
    assert.deepEqual(changedLines(view, ', for 30m'), [
      'group:etl: 20 → 5, 12 run now: over by 7, draining, for 30m',
      'tag:db: 3 → 30, 14 run now, for 30m',
      'group:etl.maxWait: none → 2s, for 30m',
    ])
  })

  test('come with the sums where a guarantee was changed', () => {
    const changed = [
      { scope: 'group', name: 'etl', field: 'guaranteedConcurrency', value: 4, from: 1 },
    ] as const
    assert.deepEqual(changedLines({ config: CONFIG, gate: GATE, changed }, ''), [
      'group:etl.guaranteedConcurrency: 1 → 4',
      'account 100 = 4 guaranteed (group etl 4) + 96 for everyone',
      'group etl: 1 function, at most 5, 4 guaranteed (shop-load 2), lends 2 of them, 3 for everyone in it',
    ])
  })
})
