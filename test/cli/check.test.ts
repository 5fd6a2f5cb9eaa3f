import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { explainLines } from '../../src/cli/explain-lines.ts'
import { explainLimits } from '../../src/gate/limits/explain.ts'
import type { LimitsConfig } from '../../src/model/limits.ts'

const LIMITS: LimitsConfig = {
  account: { maxConcurrency: 100, headroom: { batch: 30 } },
  groups: {
    shop: {},
    etl: { maxConcurrency: 20, guaranteedConcurrency: 10, lend: 6 },
    reports: { guaranteedConcurrency: 1 },
  },
  tags: { 'orders-db': { maxConcurrency: 8 }, slow: { maxConcurrency: 2 } },
  functions: {
    lead: { group: 'shop', reservedConcurrency: 5, tags: ['orders-db'] },
    list: { group: 'shop' },
    load: { group: 'etl', guaranteedConcurrency: 4, tags: ['orders-db', 'slow'] },
    monthly: { group: 'reports', guaranteedConcurrency: 3, maxConcurrency: 3 },
  },
}

describe('The arithmetic of the limits', () => {
  test('is shown in full: what is guaranteed, what is shared, and who is stopped where', () => {
    assert.deepEqual(explainLines(explainLimits(LIMITS)), [
      'account 100 = 18 guaranteed (group shop 5, group etl 10, group reports 3) + 82 for everyone',
      '  batch work leaves 30 free: 52 for it beyond guarantees',
      'group shop: 2 functions, no cap, 5 guaranteed (lead 5)',
      'group etl: 1 function, at most 20, 10 guaranteed (load 4), lends 6 of them, 16 for everyone in it',
      'group reports: 1 function, no cap, 3 guaranteed (monthly 3)',
      'tag orders-db: at most 8 over lead, load',
      'tag slow: at most 2 over load',
      '  load counts in each of orders-db, slow',
      'function  group    tags             guaranteed  at most  by',
      'lead      shop     orders-db        5           5        its own',
      'list      shop                                  88       account',
      'load      etl      orders-db, slow  4           2        tag slow',
      'monthly   reports                   3           3        its own',
      "no cap but the account's: list",
      'warning  tag orders-db: its functions are guaranteed 9 together, and its maxConcurrency of 8 goes before that',
      'warning  tag slow: its functions are guaranteed 4 together, and its maxConcurrency of 2 goes before that',
    ])
  })

  test('says so where every function has a cap, and where only Lambda limits', () => {
    const functions = { lead: { group: 'shop', reservedConcurrency: 5 } }
    const lines = explainLines(
      explainLimits({ mode: 'aws', account: { maxConcurrency: 10 }, groups: {}, functions }),
    )
    assert.equal(lines[0], "mode aws: Lambda's own limits alone are in force")
    assert.equal(lines.at(-1), 'every function has a cap of its own or through its group or a tag')
  })
})
