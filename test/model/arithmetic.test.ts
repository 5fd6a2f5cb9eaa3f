import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { guaranteeOf, promisedByGroup, wordOfGuarantee } from '../../src/model/arithmetic.ts'
import type { FunctionLimits } from '../../src/model/limits.ts'

describe('The guarantee of a function', () => {
  const live = { live: { provisionedConcurrency: 5 } }
  const cases: [what: string, limits: Omit<FunctionLimits, 'group'>, slots: number, of: string][] =
    [
      ['nothing', {}, 0, 'guaranteedConcurrency'],
      ['what is guaranteed', { guaranteedConcurrency: 3 }, 3, 'guaranteedConcurrency'],
      ['what is kept warm', { provisionedConcurrency: 5 }, 5, 'provisionedConcurrency'],
      ['what its versions keep warm', { versions: live }, 5, 'provisionedConcurrency'],
      [
        'all that is kept warm together',
        { provisionedConcurrency: 5, versions: { ...live, '1': { provisionedConcurrency: 1 } } },
        11,
        'provisionedConcurrency',
      ],
      [
        'the larger of what is guaranteed and what is kept warm',
        { guaranteedConcurrency: 9, provisionedConcurrency: 5, versions: live },
        10,
        'provisionedConcurrency',
      ],
      [
        'what is guaranteed where less is kept warm',
        { guaranteedConcurrency: 12, provisionedConcurrency: 5, versions: live },
        12,
        'guaranteedConcurrency',
      ],
      [
        'what is reserved, with what is kept warm inside it',
        { reservedConcurrency: 20, provisionedConcurrency: 5, versions: live },
        20,
        'reservedConcurrency',
      ],
    ]
  for (const [what, limits, slots, word] of cases) {
    test(`is ${what}`, () => {
      const given = { group: 'g', ...limits }
      assert.deepEqual([guaranteeOf(given), wordOfGuarantee(given)], [slots, word])
    })
  }

  test('is what it takes of its group', () => {
    const report = { group: 'g', provisionedConcurrency: 5, versions: live }
    const config = { account: { maxConcurrency: 50 }, groups: {}, functions: { report } }
    assert.deepEqual([...promisedByGroup(config)], [['g', [['report', 10]]]])
  })
})
