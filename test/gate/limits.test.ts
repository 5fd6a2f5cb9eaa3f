import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { applyChanges, valueOf } from '../../src/gate/limits/change.ts'
import { LIMIT_FIELDS, type LimitChange, type LimitField } from '../../src/gate/limits/limits.ts'
import { SpillwayError } from '../../src/lib/errors.ts'
import { isInForce, type LimitScope } from '../../src/model/in-force.ts'
import { findFaults } from '../../src/model/limit-faults.ts'
import type { LimitsConfig } from '../../src/model/limits.ts'
import { feasibleConfigs } from './configs.ts'

describe('A change of a limit', () => {
  const before: LimitsConfig = {
    account: { maxConcurrency: 100 },
    groups: { etl: { maxConcurrency: 20, headroom: { batch: 2 } }, shop: {} },
    tags: { db: { maxConcurrency: 8 } },
    functions: {
      report: { group: 'shop', tags: ['db'], versions: { live: { provisionedConcurrency: 2 } } },
      load: { group: 'etl' },
    },
  }

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
