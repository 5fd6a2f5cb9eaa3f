import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { explainLimits } from '../../src/gate/limits/explain.ts'
import { reachOf } from '../../src/gate/limits/reach.ts'
import type { FunctionLimits, LimitsConfig } from '../../src/model/limits.ts'
import { feasibleConfigs } from './configs.ts'

const LIMITS: LimitsConfig = {
  account: { maxConcurrency: 100, headroom: { batch: 10 } },
  groups: {
    shop: {},
    etl: { maxConcurrency: 20, guaranteedConcurrency: 10, lend: 5, headroom: { batch: 2 } },
  },
  tags: { db: { maxConcurrency: 8 }, idle: { maxConcurrency: 9 } },
  functions: {
    lead: { group: 'shop', reservedConcurrency: 5 },
    list: { group: 'shop' },
    load: {
      group: 'etl',
      guaranteedConcurrency: 4,
      versions: { live: { provisionedConcurrency: 6 } },
      tags: ['db'],
    },
  },
}

describe('The explanation of limits', () => {
  test('says who is guaranteed what by whom, and what is left', () => {
    const { account, groups } = explainLimits(LIMITS)
    assert.deepEqual(account, {
      name: '',
      max: 100,
      guaranteed: 15,
      lend: 0,
      shares: [
        { name: 'shop', guaranteed: 5 },
        { name: 'etl', guaranteed: 10 },
      ],
      shared: 85,
      headroom: { batch: { leaves: 10, shared: 75 } },
    })
    assert.deepEqual(groups[1], {
      name: 'etl',
      max: 20,
      guaranteed: 10,
      lend: 5,
      shares: [{ name: 'load', guaranteed: 6 }],
      shared: 14,
      headroom: { batch: { leaves: 2, shared: 12 } },
      functions: 1,
    })
  })

  test('says how many of each function can run, which limit stops it, and whom none does', () => {
    const { functions, uncapped } = explainLimits(LIMITS)
    assert.deepEqual(
      functions.map(({ name, guaranteed, ceiling }) => [name, guaranteed, ceiling]),
      [
        ['lead', 5, { slots: 5, by: { scope: 'function', name: 'lead' } }],
        // 100, less what lead has and what etl holds: 6 of its 10, as the version lends nothing.
        ['list', 0, { slots: 89, by: { scope: 'account', name: '' } }],
        ['load', 6, { slots: 8, by: { scope: 'tag', name: 'db' } }],
      ],
    )
    assert.deepEqual(uncapped, ['list'])
  })

  test('names the functions that several tags count', () => {
    const both = { group: 'g', tags: ['slow', 'db'] }
    const { overlaps, tags } = explainLimits({
      ...LIMITS,
      tags: { db: { maxConcurrency: 8 }, slow: { maxConcurrency: 3 } },
      functions: { a: both, b: { ...both, tags: ['db'] }, c: { ...both, tags: ['db', 'slow'] } },
    })
    assert.deepEqual(overlaps, [{ tags: ['db', 'slow'], functions: ['a', 'c'] }])
    assert.deepEqual(tags[0], { name: 'db', max: 8, functions: ['a', 'b', 'c'] })
  })

  test('warns of a tag below guarantees, and of work that could only run on guarantees', () => {
    const { warnings } = explainLimits({
      ...LIMITS,
      account: { maxConcurrency: 20, headroom: { batch: 5, async: 4 } },
      tags: { db: { maxConcurrency: 5 } },
    })
    assert.deepEqual(warnings, [
      'tag db: its functions are guaranteed 6 together, and its maxConcurrency of 5 goes before that',
      'account: batch work runs on guarantees alone: 15 are guaranteed and it leaves 5 free, of 20',
    ])
    assert.deepEqual(explainLimits(LIMITS).warnings, [])
  })

  test("is of Lambda's own limits alone in mode aws", () => {
    const { mode, account, groups, tags, functions } = explainLimits({ ...LIMITS, mode: 'aws' })
    assert.deepEqual([mode, account.guaranteed, account.headroom, tags], ['aws', 11, {}, []])
    assert.deepEqual(
      groups.map(({ max, guaranteed }) => [max, guaranteed]),
      [
        [null, 5],
        [null, 6],
      ],
    )
    assert.equal(functions[2]?.ceiling.slots, 95)
  })

  test('stops a function exactly where one more would take what others hold', () => {
    fc.assert(
      fc.property(feasibleConfigs, (config) => {
        const reach = reachOf(config)
        for (const name of Object.keys(config.functions)) {
          const { slots } = reach(name)
          assert.ok(fitsAlone(config, name, slots), `${name} can have ${slots}`)
          assert.ok(!fitsAlone(config, name, slots + 1), `${name} cannot have ${slots + 1}`)
        }
      }),
      { numRuns: 500 },
    )
  })
})

/** Whether a function alone may run so many: every sum anew, from the claims of all. */
function fitsAlone(config: LimitsConfig, running: string, slots: number): boolean {
  const claims = new Map(Object.keys(config.groups).map((group) => [group, 0]))
  for (const [name, fn] of Object.entries(config.functions)) {
    const claim = Math.max(heldBy(fn), name === running ? slots : 0)
    claims.set(fn.group, (claims.get(fn.group) ?? 0) + claim)
    if (name === running && capsOf(config, fn).some((cap) => slots > cap)) return false
  }
  let inAccount = 0
  for (const [name, claim] of claims) {
    const limits = config.groups[name] ?? {}
    const { maxConcurrency = Infinity, guaranteedConcurrency = 0, lend = 0 } = limits
    if (claim > maxConcurrency) return false
    inAccount += Math.max(claim, guaranteedConcurrency - lend)
  }
  return inAccount <= config.account.maxConcurrency
}

function heldBy(fn: FunctionLimits): number {
  const { reservedConcurrency, guaranteedConcurrency = 0, provisionedConcurrency = 0 } = fn
  let warm = 0
  for (const each of Object.values(fn.versions ?? {})) warm += each.provisionedConcurrency
  const own = reservedConcurrency ?? Math.max(guaranteedConcurrency, provisionedConcurrency + warm)
  return Math.max(own - (fn.lend ?? 0), warm)
}

function capsOf({ tags = {} }: LimitsConfig, fn: FunctionLimits): number[] {
  const ofTags = (fn.tags ?? []).map((tag) => tags[tag]?.maxConcurrency)
  return [fn.maxConcurrency, fn.reservedConcurrency, ...ofTags].filter((cap) => cap !== undefined)
}
