import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { errorLines } from '../../src/cli/check-errors.ts'
import { analyseErrors } from '../../src/cli/error-analysis.ts'
import type { ErrorHistory } from '../../src/admin/history.ts'

const HISTORY: ErrorHistory = {
  since: '2026-11-24T22:09:05.989Z',
  functions: [
    {
      functionName: 'lead',
      outcomes: {
        ok: 900,
        function_error: 60,
        timeout: 30,
        interrupted: 7,
        throttled: 5,
        platform_error: 3,
      },
      errors: {
        'function/handler_error/1': 60,
        'function/timeout/1': 30,
        'platform/interrupted/1': 7,
        'platform/deadline/0': 2,
        'platform/draining/0': 1,
        // Answered by its front end before it began: it ended well, for nobody.
        'platform/start_timeout/0': 4,
      },
      retries: { env_exit: 11, start_timeout: 2 },
    },
    {
      functionName: 'report',
      outcomes: { ok: 100, cancelled: 8 },
      errors: { 'client/cancelled_wait/0': 8 },
      retries: {},
    },
  ],
}

const quiet = (invocations: number): ErrorHistory => ({
  since: HISTORY.since,
  functions: [{ functionName: 'lead', outcomes: { ok: invocations }, errors: {}, retries: {} }],
})

describe('The analysis of a history of errors', () => {
  test('tells whose failures they were, of those that limits let in', () => {
    const analysis = analyseErrors(HISTORY)
    const { platformErrorRate, aws: _, functions, ...counts } = analysis
    assert.deepEqual(counts, {
      since: HISTORY.since,
      invocations: 1100,
      platformErrors: { deadline: 2, draining: 1, start_timeout: 4 },
      functionErrors: { handler_error: 60, timeout: 30 },
      interrupted: 7,
      throttled: 5,
      cancelled: 8,
      hiddenRetries: { env_exit: 11, start_timeout: 2 },
    })
    assert.equal(platformErrorRate.value, 7 / 1100)
    assert.deepEqual(
      functions.map(({ functionName, invocations }) => [functionName, invocations]),
      [
        ['lead', 1000],
        ['report', 100],
      ],
    )
  })

  test('is printed beside what the article measured of Lambda', () => {
    assert.deepEqual(errorLines(analyseErrors(HISTORY)), [
      'since 2026-11-24T22:09:05.989Z',
      'invocations                     1,100  let in by limits, caller still there',
      'platform errors                 7      deadline 2, draining 1, start_timeout 4',
      'function errors                 90     handler_error 60, timeout 30',
      'interrupted                     7      begun, then their environment was taken away',
      'throttled                       5      refused by limits',
      'callers left                    8      while they waited',
      'hidden retries                  13     run elsewhere, seen by no caller: env_exit 11, start_timeout 2',
      '',
      'platform error rate                           95 % interval',
      'here                          0.64 %          2,562 to 13,067 per million',
      'Lambda, the article at first  2 %             19,784 to 20,218 per million',
      'Lambda, the article later     1 in 1,600,000  0.016 to 3.5 per million',
      "worse than Lambda's 1 in 1,600,000",
    ])
  })

  const verdicts: [invocations: number, verdict: string][] = [
    [0, 'nothing has been invoked yet, so there is no rate'],
    [
      400_000,
      "none in 400,000 shows less than 1 in 133,300 (rule of three); to be as good as Lambda's 1 in 1,600,000 takes none in 4,800,000",
    ],
    [
      10_000_000,
      "none in 10,000,000 shows less than 1 in 3,333,000 (rule of three): as good as Lambda's 1 in 1,600,000",
    ],
  ]
  for (const [invocations, verdict] of verdicts) {
    test(`claims no more than none in ${invocations} shows`, () => {
      assert.equal(errorLines(analyseErrors(quiet(invocations))).at(-1), verdict)
    })
  }
})
