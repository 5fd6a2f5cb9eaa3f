import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { checkLimits } from '../../src/gate/limits/limits.ts'
import { SpillwayError } from '../../src/lib/errors.ts'
import { inForce } from '../../src/model/in-force.ts'
import { findFaults } from '../../src/model/limit-faults.ts'
import type { FunctionLimits, LimitsConfig } from '../../src/model/limits.ts'
import { configs } from '../gate/configs.ts'

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
      'more provisioned than may run, over the function and its versions',
      config({
        functions: {
          report: {
            group: 'shop',
            maxConcurrency: 8,
            provisionedConcurrency: 5,
            versions: { live: { provisionedConcurrency: 4 } },
          },
        },
      }),
      'function report: 9 are provisioned together ($LATEST 5, live 4), its maxConcurrency is 8; lower one of them or raise the maxConcurrency',
    ],
    [
      'a function and its versions above the group',
      config({
        groups: { shop: { maxConcurrency: 9 } },
        functions: {
          report: {
            group: 'shop',
            provisionedConcurrency: 5,
            versions: { live: { provisionedConcurrency: 5 } },
          },
        },
      }),
      'group shop: 10 are guaranteed to its functions together (report 10), its maxConcurrency is 9; lower one of them or raise the group',
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
  for (const each of versions) warm += each
  const own = reservedConcurrency ?? Math.max(guaranteedConcurrency, warm)
  const caps = [fn.maxConcurrency ?? Infinity, reservedConcurrency ?? Infinity]
  return caps.every((cap) => own <= cap && warm <= cap) ? own : undefined
}
