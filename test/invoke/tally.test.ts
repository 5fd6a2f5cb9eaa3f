import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Invocation, InvocationSource, Outcome } from '../../src/invoke/invocation.ts'
import { BUCKETS_MS, createTally, labelOf } from '../../src/invoke/tally.ts'

function invocation(functionName: string, source: InvocationSource): Invocation {
  return {
    id: 'id',
    functionName,
    payload: { kind: 'json', json: Buffer.from('{}') },
    source,
    deadlineMs: Infinity,
    invokedArn: 'arn',
    traceId: 'trace',
  }
}

const FACTS = { handlerStarted: true, attempts: 1, waitedMs: 0 }
const ERROR = { errorType: 'E', errorMessage: 'm', json: Buffer.from('{}') }
const OK: Outcome = {
  ...FACTS,
  status: 'ok',
  result: { kind: 'json', json: Buffer.from('1') },
  durationMs: 3,
}
const BLOCKED = {
  scope: 'group',
  name: 'etl',
  max: 2,
  inUse: 2,
  waitedMs: 7,
  why: 'maxConcurrency',
  retryAfterMs: 2500,
} as const

describe('A tally', () => {
  test('counts by function, by how it came and by how it ended', () => {
    const tally = createTally()
    tally.add(invocation('a', 'http'), OK)
    tally.add(invocation('a', 'http'), OK)
    tally.add(invocation('a', 'invoke'), OK)
    tally.add(invocation('b', 'http'), { ...FACTS, status: 'timeout', error: ERROR })
    const a = tally.functions.get('a')
    assert.equal(a?.outcomes.get('http')?.ok, 2)
    assert.equal(a?.outcomes.get('invoke')?.ok, 1)
    const b = tally.functions.get('b')?.outcomes.get('http')
    assert.deepEqual([b?.ok, b?.timeout], [0, 1])
    assert.equal(tally.functions.size, 2)
  })

  test('counts a malformed answer as a failure of the function, and the rest as it is called', () => {
    assert.equal(labelOf({ ...FACTS, status: 'malformed', reason: '' }), 'function_error')
    assert.equal(labelOf({ ...FACTS, status: 'interrupted', error: ERROR }), 'interrupted')
    assert.equal(labelOf({ ...FACTS, status: 'cancelled' }), 'cancelled')
  })

  test('counts throttles by the limit that blocked, and no duration for them', () => {
    const tally = createTally()
    const outcome = { ...FACTS, status: 'throttled', blocked: BLOCKED, waitedMs: 7 } as const
    tally.add(invocation('a', 'http'), outcome)
    tally.add(invocation('a', 'http'), { ...outcome, blocked: { ...BLOCKED, scope: 'account' } })
    tally.add(invocation('a', 'http'), outcome)
    const a = tally.functions.get('a')
    assert.deepEqual(
      [...(a?.throttles ?? [])],
      [
        ['group/etl', new Map([['maxConcurrency', 2]])],
        ['account', new Map([['maxConcurrency', 1]])],
      ],
    )
    assert.equal(a?.waits.sumMs, 21)
    assert.ok(a?.durations.counts.every((count) => count === 0))
  })

  test('counts what was handed over anew', () => {
    const tally = createTally()
    tally.addRetry('a', 'env_exit')
    tally.addRetry('a', 'start_timeout')
    tally.addRetry('a', 'env_exit')
    const { retries = new Map() } = tally.functions.get('a') ?? {}
    assert.deepEqual(
      [...retries],
      [
        ['env_exit', 2],
        ['start_timeout', 1],
      ],
    )
  })

  test('puts each value into the first bucket that holds it', () => {
    const tally = createTally()
    const values = [0, 1, 1.01, 2.5, 900_000, 900_001]
    for (const durationMs of values) tally.add(invocation('a', 'http'), { ...OK, durationMs })
    const durations = tally.functions.get('a')?.durations
    assert.equal(durations?.counts.length, BUCKETS_MS.length + 1)
    assert.deepEqual(durations?.counts.slice(0, 3), [2, 2, 0])
    assert.deepEqual(durations?.counts.slice(-2), [1, 1])
  })

  test('loses no value and no time', () => {
    const times = fc.array(fc.nat({ max: 2e6 }), { maxLength: 100, size: 'max' })
    fc.assert(
      fc.property(times, (given) => {
        const tally = createTally()
        for (const initMs of given) tally.add(invocation('a', 'http'), { ...OK, initMs })
        const { counts = [], sumMs = 0 } = tally.functions.get('a')?.inits ?? {}
        assert.equal(
          counts.reduce((sum, count) => sum + count, 0),
          given.length,
        )
        assert.equal(
          sumMs,
          given.reduce((sum, ms) => sum + ms, 0),
        )
      }),
    )
  })
})
