import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { applyChanges, valueOf } from '../../src/gate/change.ts'
import {
  checkLimits,
  LIMIT_FIELDS,
  type LimitChange,
  type LimitField,
} from '../../src/gate/limits.ts'
import { SpillwayError } from '../../src/lib/errors.ts'
import { inForce, isInForce, type LimitScope } from '../../src/model/in-force.ts'
import { findFaults } from '../../src/model/limit-faults.ts'
import type { FunctionLimits, LimitsConfig } from '../../src/model/limits.ts'
import { configs, feasibleConfigs } from './configs.ts'

const RUNS = { numRuns: 1000 }

type Part = Partial<Omit<LimitsConfig, 'account'>> & { readonly account?: object }

/** A configuration of two functions in a group, with more. */
function config({ account, ...more }: Part): LimitsConfig {
  return {
    account: { maxConcurrency: 100, ...account },
    groups: {},
    functions: { report: { group: 'shop' }, load: { group: 'etl' } },
    ...more,
  }
}

describe('Limits that do not fit together', () => {
  const cases: [what: string, config: LimitsConfig, message: string][] = [
    [
      'a guarantee above its own maximum',
      config({
        functions: { report: { group: 'shop', guaranteedConcurrency: 5, maxConcurrency: 3 } },
      }),
      'function report: its guaranteedConcurrency of 5 is above its maxConcurrency of 3; lower the one or raise the other',
    ],
    [
      'environments kept warm above the maximum',
      config({
        functions: { report: { group: 'shop', provisionedConcurrency: 5, maxConcurrency: 3 } },
      }),
      'function report: its provisionedConcurrency of 5 is above its maxConcurrency of 3; lower the one or raise the other',
    ],
    [
      'more provisioned than reserved, over all versions, as on AWS',
      config({
        functions: {
          report: {
            group: 'shop',
            reservedConcurrency: 4,
            versions: { '1': { provisionedConcurrency: 3 }, live: { provisionedConcurrency: 2 } },
          },
        },
      }),
      'function report: 5 are provisioned together (1 3, live 2), its reservedConcurrency is 4; lower one of them or raise the reservedConcurrency',
    ],
    [
      "a group's functions above the group",
      config({
        groups: { etl: { maxConcurrency: 20 } },
        functions: {
          load: { group: 'etl', guaranteedConcurrency: 15 },
          extract: { group: 'etl', provisionedConcurrency: 10 },
        },
      }),
      'group etl: 25 are guaranteed to its functions together (load 15, extract 10), its maxConcurrency is 20; lower one of them or raise the group',
    ],
    [
      'groups above the account',
      config({
        groups: { etl: { guaranteedConcurrency: 40 }, api: { guaranteedConcurrency: 80 } },
      }),
      'account: 120 are guaranteed together (group api 80, group etl 40), its maxConcurrency is 100; lower one of them or raise the account',
    ],
    [
      'groups above the account, lent or not: it is promised all the same',
      config({
        groups: {
          etl: { guaranteedConcurrency: 40, lend: 40 },
          api: { guaranteedConcurrency: 80 },
        },
      }),
      'account: 120 are guaranteed together (group api 80, group etl 40), its maxConcurrency is 100; lower one of them or raise the account',
    ],
    [
      'lending what is not there',
      config({ groups: { api: { guaranteedConcurrency: 4, lend: 5 } } }),
      'group api: it is to lend 5 of the 4 that it is guaranteed; lower lend or raise the guarantee',
    ],
    [
      'headroom as large as the maximum',
      config({ account: { headroom: { batch: 100 } } }),
      'account: batch work is to leave 100 slots free of a maxConcurrency of 100 and could never run; lower the headroom or raise the maxConcurrency',
    ],
    [
      'headroom of no maximum',
      config({ groups: { etl: { headroom: { async: 2 } } } }),
      'group etl: async work is to leave 2 slots free of a maxConcurrency that is not set; set it too',
    ],
    [
      'a tag that is nowhere',
      config({
        tags: { 'orders-db': { maxConcurrency: 4 } },
        functions: { report: { group: 'shop', tags: ['order-db'] } },
      }),
      'function report: there is no tag "order-db" with a maxConcurrency, did you mean "orders-db"?',
    ],
    [
      'a tag where there are none',
      config({ functions: { report: { group: 'shop', tags: ['db'] } } }),
      'function report: there is no tag "db" with a maxConcurrency; write tags: { db: { maxConcurrency: … } }',
    ],
  ]
  for (const [what, given, message] of cases) {
    test(`are refused with the arithmetic (${what})`, () => {
      assert.throws(
        () => checkLimits(given),
        (error) =>
          SpillwayError.is(error) && error.code === 'SPILLWAY_LIMITS' && error.message === message,
      )
    })
  }

  test('are told all at once, and the largest of many shares first', () => {
    const many = Array.from({ length: 12 }, (_, at) => [
      `f${at}`,
      { group: `g${at}`, guaranteedConcurrency: at + 10 },
    ])
    const given = config({
      functions: { ...Object.fromEntries(many), x: { group: 'g0', lend: 1 } },
    })
    const [first, second] = findFaults(given).map(({ message }) => message)
    assert.match(first ?? '', /^function x: it is to lend 1 /)
    assert.match(
      second ?? '',
      /^account: 186 .*\(group g11 21, group g10 20, .*group g4 14, 4 more\)/,
    )
    assert.throws(() => checkLimits(given), { message: `${first}\n${second}` })
  })

  test('are none where a reservation is the off switch, nor where a maximum is', () => {
    checkLimits(
      config({
        groups: { etl: { maxConcurrency: 0, headroom: { batch: 3 } } },
        functions: {
          report: { group: 'shop', reservedConcurrency: 0, guaranteedConcurrency: 9 },
          load: { group: 'etl' },
        },
      }),
    )
  })

  test('do not matter where the mode does not know them', () => {
    const groups = { etl: { guaranteedConcurrency: 400, lend: 500 }, shop: { maxConcurrency: 1 } }
    const reserved = { report: { group: 'shop', reservedConcurrency: 50 } }
    checkLimits(config({ mode: 'aws', groups, functions: reserved }))
    const tooMuch = { report: { group: 'shop', reservedConcurrency: 101 } }
    assert.throws(
      () => checkLimits(config({ mode: 'aws', functions: tooMuch })),
      /101 are guaranteed/,
    )
  })

  test('are found exactly where slots taken one by one do not fit', () => {
    let misfits = 0
    fc.assert(
      fc.property(configs, (given) => {
        const sums = findFaults(given).filter(({ message }) =>
          /guaranteed|above|provisioned/.test(message),
        )
        const expected = !fitsOneByOne(inForce(given))
        const bySum = sums.filter(({ message }) => !message.includes('lend')).length > 0
        misfits += expected ? 1 : 0
        assert.equal(bySum, expected, JSON.stringify(sums))
      }),
      RUNS,
    )
    assert.ok(misfits > RUNS.numRuns / 20 && misfits < RUNS.numRuns, `${misfits} misfits`)
  })
})

/** Gives everyone what it is promised, slot by slot, and sees whether anything overflows. */
function fitsOneByOne({ account, groups, functions }: LimitsConfig): boolean {
  const inGroup = new Map(Object.keys(groups).map((name) => [name, 0]))
  for (const fn of Object.values(functions)) {
    const own = slotsOf(fn)
    if (own === undefined) return false
    for (let slot = 0; slot < own; slot++) inGroup.set(fn.group, (inGroup.get(fn.group) ?? 0) + 1)
  }
  let inAccount = 0
  for (const [name, limits] of Object.entries(groups)) {
    const { guaranteedConcurrency = 0, maxConcurrency = Infinity } = limits
    let taken = inGroup.get(name) ?? 0
    while (taken < guaranteedConcurrency) taken++
    if (taken > maxConcurrency) return false
    inAccount += taken
  }
  return inAccount <= account.maxConcurrency
}

/** What a function is promised; undefined when its own ceilings are in the way. */
function slotsOf(fn: FunctionLimits): number | undefined {
  const { reservedConcurrency, guaranteedConcurrency = 0, provisionedConcurrency = 0 } = fn
  const versions = Object.values(fn.versions ?? {}).map((each) => each.provisionedConcurrency)
  let warm = provisionedConcurrency
  let own = reservedConcurrency ?? Math.max(guaranteedConcurrency, provisionedConcurrency)
  for (const each of versions) warm += each
  while (own < warm - provisionedConcurrency) own++
  const caps = [fn.maxConcurrency ?? Infinity, reservedConcurrency ?? Infinity]
  return caps.every((cap) => own <= cap && warm <= cap) ? own : undefined
}

describe('A change of a limit', () => {
  const before = config({
    groups: { etl: { maxConcurrency: 20, headroom: { batch: 2 } }, shop: {} },
    tags: { db: { maxConcurrency: 8 } },
    functions: {
      report: { group: 'shop', tags: ['db'], versions: { live: { provisionedConcurrency: 2 } } },
      load: { group: 'etl' },
    },
  })

  const made: [change: LimitChange, read: (after: LimitsConfig) => unknown, expected: unknown][] = [
    [
      { scope: 'account', name: '', field: 'maxConcurrency', value: 50 },
      ({ account }) => account,
      { maxConcurrency: 50 },
    ],
    [
      { scope: 'account', name: '', field: 'headroom.batch', value: 10 },
      ({ account }) => account,
      { maxConcurrency: 100, headroom: { batch: 10 } },
    ],
    [
      { scope: 'group', name: 'etl', field: 'headroom.async', value: 3 },
      ({ groups }) => groups['etl'],
      { maxConcurrency: 20, headroom: { batch: 2, async: 3 } },
    ],
    [
      { scope: 'group', name: 'etl', field: 'headroom.batch', value: null },
      ({ groups }) => groups['etl'],
      { maxConcurrency: 20 },
    ],
    [
      { scope: 'group', name: 'shop', field: 'maxWaitMs', value: 0 },
      ({ groups }) => groups['shop'],
      { maxWaitMs: 0 },
    ],
    [
      { scope: 'tag', name: 'db', field: 'maxConcurrency', value: 0 },
      ({ tags }) => tags,
      { db: { maxConcurrency: 0 } },
    ],
    [
      { scope: 'function', name: 'load', field: 'weight', value: 3 },
      ({ functions }) => functions['load'],
      { group: 'etl', weight: 3 },
    ],
    [
      { scope: 'version', name: 'load:1', field: 'provisionedConcurrency', value: 4 },
      ({ functions }) => functions['load'],
      { group: 'etl', versions: { '1': { provisionedConcurrency: 4 } } },
    ],
    [
      { scope: 'version', name: 'report:live', field: 'provisionedConcurrency', value: null },
      ({ functions }) => functions['report'],
      { group: 'shop', tags: ['db'] },
    ],
  ]
  for (const [change, read, expected] of made) {
    test(`is made in a copy (${change.scope} ${change.field} ${change.value})`, () => {
      const copy = structuredClone(before)
      assert.deepEqual(read(applyChanges(before, [change])), expected)
      assert.deepEqual(before, copy)
    })
  }

  const refused: [change: LimitChange, message: string][] = [
    [
      { scope: 'account', name: '', field: 'maxConcurrency', value: null },
      'account: the account has to have one; raise it instead',
    ],
    [
      { scope: 'tag', name: 'db', field: 'maxConcurrency', value: null },
      'tag:db: a tag has to have one; raise it instead',
    ],
    [
      { scope: 'tag', name: 'db', field: 'lend', value: 1 },
      'tag:db.lend: a limit of a tag is one of maxConcurrency',
    ],
    [
      { scope: 'account', name: '', field: 'maxWaitMs', value: 1 },
      'account.maxWait: a limit of the account is one of maxConcurrency, headroom.interactive, headroom.async, headroom.batch',
    ],
    [
      { scope: 'group', name: 'etl', field: 'reservedConcurrency', value: 1 },
      'group:etl.reservedConcurrency: a limit of a group is one of maxConcurrency, guaranteedConcurrency, lend, weight, maxWait, headroom.interactive, headroom.async, headroom.batch',
    ],
    [
      { scope: 'version', name: 'load:1', field: 'maxConcurrency', value: 1 },
      'fn:load:1: a limit of a version is one of provisionedConcurrency',
    ],
    [
      { scope: 'version', name: 'load:1', field: 'provisionedConcurrency', value: 0 },
      'fn:load:1.provisionedConcurrency: expected a whole number of at least 1, got: 0',
    ],
    [
      { scope: 'version', name: 'load', field: 'provisionedConcurrency', value: 1 },
      'expected a function and its qualifier, got: "load"',
    ],
    [
      { scope: 'function', name: 'load', field: 'weight', value: 0 },
      'fn:load.weight: expected a whole number of at least 1, got: 0',
    ],
    [
      { scope: 'function', name: 'load', field: 'maxConcurrency', value: 1.5 },
      'fn:load: expected a whole number of at least 0, got: 1.5',
    ],
    [
      { scope: 'function', name: 'laod', field: 'maxConcurrency', value: 1 },
      'no function is named "laod", did you mean "load"?',
    ],
    [
      { scope: 'tag', name: 'bd', field: 'maxConcurrency', value: 1 },
      'no tag is named "bd", did you mean "db"?',
    ],
    [
      { scope: 'group', name: 'toString', field: 'maxConcurrency', value: 1 },
      'no group is named "toString"',
    ],
    [
      { scope: 'account', name: '', field: 'maxConcurrency', value: 1 },
      'account: 2 are guaranteed together (group shop 2), its maxConcurrency is 1; lower one of them or raise the account',
    ],
  ]
  for (const [change, message] of refused) {
    test(`is refused with what to do (${message})`, () => {
      assert.throws(() => applyChanges(before, [change]), { code: 'SPILLWAY_LIMITS', message })
    })
  }

  test('is refused where the mode has no such limit', () => {
    const aws: LimitsConfig = { ...before, mode: 'aws' }
    const change = { scope: 'group', name: 'etl', field: 'maxConcurrency', value: 1 } as const
    assert.throws(() => applyChanges(aws, [change]), {
      message: `group:etl: would not be in force, "mode: aws" has Lambda's limits alone`,
    })
    const reserved = { scope: 'function', name: 'load', field: 'reservedConcurrency', value: 1 }
    applyChanges(aws, [reserved as LimitChange])
  })

  test('and its reverse leave everything as it was', () => {
    let changed = 0
    fc.assert(
      fc.property(
        feasibleConfigs,
        fc.array(changes, { minLength: 1, maxLength: 6, size: 'max' }),
        (given, asked) => {
          assert.deepEqual(findFaults(given), [])
          const own = asked.filter((each) => isInForce(given.mode, each.scope, each.field))
          const after = attempt(given, own)
          fc.pre(after !== undefined)
          const reverse = own.map((each) => ({ ...each, value: valueOf(given, each) }))
          assert.deepEqual(applyChanges(after, reverse), given)
          for (const each of new Map(
            own.map((one) => [JSON.stringify([one.scope, one.name, one.field]), one]),
          ).values()) {
            assert.equal(valueOf(after, each), each.value)
          }
          changed++
        },
      ),
      { numRuns: 300 },
    )
    assert.equal(changed, 300)
  })
})

function attempt(given: LimitsConfig, asked: readonly LimitChange[]): LimitsConfig | undefined {
  try {
    return applyChanges(given, asked)
  } catch (error) {
    if (SpillwayError.is(error)) return undefined
    throw error
  }
}

const NAMES: Readonly<Record<LimitScope, readonly string[]>> = {
  account: [''],
  group: ['g', 'h'],
  tag: ['db', 'slow', 'team.x'],
  function: ['a', 'b', 'c', 'd'],
  version: ['a:1', 'a:live', 'b:2'],
}

const changes: fc.Arbitrary<LimitChange> = fc
  .constantFrom<LimitScope>('account', 'group', 'tag', 'function', 'version')
  .chain((scope) => {
    const mustBe = scope === 'account' || scope === 'tag'
    return fc
      .record({
        scope: fc.constant(scope),
        name: fc.constantFrom(...NAMES[scope]),
        field: fc.constantFrom<LimitField>(...LIMIT_FIELDS[scope]),
        value: fc.option(fc.integer({ min: 1, max: 30 })),
      })
      .filter(({ field, value }) => !(mustBe && field === 'maxConcurrency' && value === null))
  })
