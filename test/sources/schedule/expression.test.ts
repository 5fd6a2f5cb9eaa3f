import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Schedule } from '../../../src/model/background.ts'
import { parseExpression } from '../../../src/sources/schedule/expression.ts'

const accepts = (text: string, kind: Schedule['kind']): boolean => {
  try {
    parseExpression(text, kind)
    return true
  } catch {
    return false
  }
}

/** Recorded on AWS where they are not marked as ours. */
const BOTH = [
  'rate(1 minute)',
  'rate(5 minutes)',
  'rate(1 hour)',
  'rate(7 days)',
  'cron(0 2 ? * SAT *)',
  'cron(5,35 14 * * ? *)',
  'cron(15 10 ? * 6L 2002-2005)',
  'cron(0 2 ? * SAT#3 *)',
  'cron(* * ? * SAT#3 *)',
  'cron(0/5 5 ? JAN 1-5 2022)',
  'cron(0/10 * ? * MON-FRI *)',
  'cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)',
  'cron(*/15 * * * ? *)',
  'cron(0-59/10 0-23/2 ? * * *)',
  'cron(0 9 3W * ? *)',
  'cron(0 9 L * ? *)',
  'cron(0 9 ? * fri *)', // ours: AWS is not known to mind the case
]

const NEITHER = [
  '',
  'rate()',
  'rate(10)',
  'rate(10 seconds)',
  'rate(10 years)',
  'rate(10 minutess)',
  'rate(foo minutes)',
  'rate(0 minutes)',
  'rate(-10 minutes)',
  'rate(1.5 hours)',
  'rate( 10 minutes )',
  ' rate(10 minutes)',
  'rate(10 minutes) ',
  'cron()',
  'cron(INVALID)',
  'cron(0 1 * * * *)',
  'cron(0 1 ? * ? *)',
  'cron(7 20 * * NOT *)',
  'cron(0 dummy ? * MON-FRI *)',
  'cron(71 8 1 * ? *)',
  'cron(0 24 * * ? *)',
  'cron(0 0 0 * ? *)',
  'cron(0 0 32 * ? *)',
  'cron(0 0 ? 13 1 *)',
  'cron(0 0 ? * 8 *)',
  'cron(0 0 ? * 0 *)',
  'cron(0 0 ? * 2#6 *)',
  'cron(0 0 ? * 2#0 *)',
  'cron(0 0 ? * 3#1,6#3 *)',
  'cron(0 0 1W,15 * ? *)',
  'cron(0 0 * * ? 1969)',
  'cron(0 0 * * ? 2200)',
  'cron(0/0 * * * ? *)',
  'cron(1-2-3 * * * ? *)',
  'cron(1, * * * ? *)',
  'cron(0 0 * * ?)',
  'cron(0 0 0 * * ? *)',
  '*/5 * * * *',
  'at(2031-12-31)',
  'at(2031-12-31T23:59:59Z)',
  'at(2031-02-30T00:00:00)',
  'at(2031-12-31T24:00:00)',
]

describe('A schedule expression', () => {
  for (const text of BOTH) {
    test(`${text} is one of rules and of Scheduler`, () => {
      assert.deepEqual([accepts(text, 'rule'), accepts(text, 'scheduler')], [true, true])
    })
  }

  for (const text of NEITHER) {
    test(`"${text}" is none`, () => {
      assert.deepEqual([accepts(text, 'rule'), accepts(text, 'scheduler')], [false, false])
    })
  }

  test('is particular about singular and plural in rules alone', () => {
    for (const text of ['rate(1 minutes)', 'rate(10 minute)', 'rate(10 MINUTES)']) {
      assert.deepEqual([accepts(text, 'rule'), accepts(text, 'scheduler')], [false, true], text)
    }
  })

  test('is a single moment in Scheduler alone', () => {
    const text = 'at(2031-12-31T23:59:59)'
    assert.deepEqual([accepts(text, 'rule'), accepts(text, 'scheduler')], [false, true])
  })

  test('is refused in the words of the API that it is for', () => {
    assert.throws(() => parseExpression('rate(x)', 'rule'), {
      code: 'ValidationException',
      message: 'Parameter ScheduleExpression is not valid.',
    })
    assert.throws(() => parseExpression('rate(x)', 'scheduler'), {
      code: 'ValidationException',
      message: 'Invalid Schedule Expression rate(x).',
    })
  })
})
