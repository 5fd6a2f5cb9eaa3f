import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { limitLines } from '../../src/cli/check.ts'
import type { LimitsConfig } from '../../src/model/limits.ts'

const LIMITS: LimitsConfig = {
  account: { maxConcurrency: 100 },
  groups: {
    shop: {},
    etl: { maxConcurrency: 20, guaranteedConcurrency: 10 },
    reports: { guaranteedConcurrency: 1 },
  },
  functions: {
    lead: { group: 'shop', reservedConcurrency: 5 },
    list: { group: 'shop' },
    load: { group: 'etl', guaranteedConcurrency: 4 },
    monthly: { group: 'reports', guaranteedConcurrency: 3, maxConcurrency: 3 },
  },
}

describe('The arithmetic of the limits', () => {
  test('is shown in full: what is guaranteed, what is shared, and who could take it all', () => {
    assert.deepEqual(limitLines(LIMITS, ['list']), [
      'account 100 = 18 guaranteed + 82 shared',
      'group shop: 2 functions, no cap, 5 guaranteed',
      'group etl: 1 function, at most 20, 10 guaranteed',
      'group reports: 1 function, no cap, 3 guaranteed',
      "no cap but the account's: list",
    ])
  })

  test('says so where every function has a cap', () => {
    assert.equal(
      limitLines(LIMITS, []).at(-1),
      'every function has a cap of its own or through its group',
    )
  })
})
