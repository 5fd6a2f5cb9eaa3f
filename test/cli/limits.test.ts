import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { parseChange } from '../../src/cli/limits.ts'
import { describe as describeChange, type LimitChange } from '../../src/gate/limits.ts'
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
  ]
  for (const text of wrong) {
    test(`is refused with the forms there are (${JSON.stringify(text)})`, () => {
      assert.throws(
        () => parseChange(text),
        (error) =>
          SpillwayError.is(error) &&
          error.exitCode === 2 &&
          error.message.startsWith(`cannot read "${text}": expected account=200, group:etl=20, `),
      )
    })
  }

  test('is read from what it is called elsewhere', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)
    const field = fc.constantFrom('maxConcurrency', 'guaranteedConcurrency', 'reservedConcurrency')
    const change = fc.record(
      {
        scope: fc.constantFrom('group', 'function'),
        name,
        field,
        value: fc.option(fc.nat({ max: 1e9 })),
      },
      { noNullPrototype: true },
    ) as fc.Arbitrary<LimitChange>
    fc.assert(
      fc.property(change, (given) => {
        assert.deepEqual(parseChange(`${describeChange(given)}=${given.value ?? 'none'}`), given)
      }),
    )
  })
})
