import assert from 'node:assert/strict'
import { validateHeaderValue } from 'node:http'
import { describe, test } from 'node:test'
import { outcomeHeaders, overdueHeaders } from '../../src/invoke/headers.ts'

const FACTS = { handlerStarted: true, attempts: 2, waitedMs: 41.6 }

describe('The headers of an outcome', () => {
  test('say whether the handler began, how often it was tried and what it waited', () => {
    assert.deepEqual(outcomeHeaders({ ...FACTS, status: 'malformed', reason: '' }), [
      'x-spillway-handler-started',
      '1',
      'x-spillway-attempts',
      '2',
      'x-spillway-waited-ms',
      '42',
    ])
  })

  test('say whose failure it was', () => {
    const failure = { errorClass: 'function', reason: 'malformed' } as const
    const headers = outcomeHeaders({ ...FACTS, status: 'malformed', reason: '', failure })
    assert.deepEqual(headers.slice(-2), ['x-spillway-error-class', 'function'])
  })

  test('say what is known of a handler whose front end waits no longer', () => {
    const cancel = (): void => {}
    const known = [
      { waiting: { cancel } },
      { waiting: undefined, begun: true },
      { waiting: undefined },
    ]
    assert.deepEqual(
      known.map((caller) => overdueHeaders(caller)),
      [
        ['x-spillway-handler-started', '0', 'x-spillway-error-class', 'platform'],
        ['x-spillway-handler-started', '1', 'x-spillway-error-class', 'function'],
        ['x-spillway-handler-started', 'unknown', 'x-spillway-error-class', 'platform'],
      ],
    )
  })

  const limits = [
    [{ scope: 'account', name: '' }, 'account'],
    [{ scope: 'group', name: 'etl' }, 'group/etl'],
    [{ scope: 'function', name: 'report' }, 'function/report'],
    [{ scope: 'group', name: 'Zahlung→' }, 'group/Zahlung%E2%86%92'],
    [{ scope: 'tag', name: '100% of\nit' }, 'tag/100%25%20of%0Ait'],
    [{ scope: 'tag', name: 'half \ud83d' }, 'tag/half%20%EF%BF%BD'],
  ] as const
  for (const [limit, id] of limits) {
    test(`name the limit that blocked it (${id})`, () => {
      const blocked = {
        ...limit,
        max: 2,
        inUse: 2,
        waitedMs: 0,
        why: 'maxConcurrency',
        retryAfterMs: 2500,
      } as const
      const headers = outcomeHeaders({
        status: 'throttled',
        blocked,
        handlerStarted: false,
        attempts: 0,
        waitedMs: 0,
      })
      validateHeaderValue('x-spillway-limit', headers.at(-3) ?? '')
      assert.deepEqual(headers.slice(0, 4), [
        'x-spillway-handler-started',
        '0',
        'x-spillway-attempts',
        '0',
      ])
      assert.deepEqual(headers.slice(-4), [
        'x-spillway-limit',
        id,
        'x-spillway-reason',
        'maxConcurrency',
      ])
    })
  }
})
