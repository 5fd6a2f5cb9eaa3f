import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultMaxWaitMs, toAsk } from '../../src/invoke/ask.ts'
import type { Invocation } from '../../src/invoke/invocation.ts'
import type { FunctionLimits, GroupLimits, LimitsConfig, Priority } from '../../src/model/limits.ts'

const NOW_MS = 1000

function configOf(fn: Partial<FunctionLimits> = {}, group: GroupLimits = {}): LimitsConfig {
  return {
    account: { maxConcurrency: 1000 },
    groups: { etl: group },
    functions: { report: { group: 'etl', ...fn } },
  }
}

function invocation(more: Partial<Invocation> = {}): Invocation {
  return {
    id: '182f9086-3f1e-4b0c-9f6e-2a57b2c0a111',
    functionName: 'report',
    payload: { kind: 'json', json: Buffer.from('{}') },
    source: 'invoke',
    deadlineMs: NOW_MS + 8000,
    invokedArn: 'arn',
    traceId: 'trace',
    ...more,
  }
}

describe('What an invocation asks of the gate', () => {
  test('is a quarter of the time it has left, at most five seconds, where nothing is set', () => {
    const ask = toAsk(invocation(), configOf(), NOW_MS)
    assert.deepEqual(ask, {
      functionName: 'report',
      priority: 'interactive',
      maxWaitMs: 2000,
      deadlineMs: NOW_MS + 8000,
      span: '182f90863f1e4b0c',
    })
    const patient = invocation({ deadlineMs: NOW_MS + 60_000 })
    assert.equal(toAsk(patient, configOf(), NOW_MS).maxWaitMs, 5000)
  })

  test("is the function's setting before its group's", () => {
    const group: GroupLimits = { priority: 'batch', maxWaitMs: 10 }
    const both = toAsk(invocation(), configOf({ priority: 'async', maxWaitMs: 20 }, group), NOW_MS)
    assert.deepEqual([both.priority, both.maxWaitMs], ['async', 20])
    const ofGroup = toAsk(invocation(), configOf({}, group), NOW_MS)
    assert.deepEqual([ofGroup.priority, ofGroup.maxWaitMs], ['batch', 10])
    const never = toAsk(invocation(), configOf({ maxWaitMs: 0 }, group), NOW_MS)
    assert.equal(never.maxWaitMs, 0)
  })

  test('is its own priority before any setting, and waits as that does', () => {
    const given = invocation({ priority: 'batch' })
    const ask = toAsk(given, configOf({ priority: 'interactive' }), NOW_MS)
    assert.deepEqual([ask.priority, ask.maxWaitMs], ['batch', Infinity])
  })

  test('can be asked for a function without limits of its own', () => {
    const ask = toAsk(invocation({ functionName: 'other' }), configOf(), NOW_MS)
    assert.deepEqual([ask.priority, ask.maxWaitMs], ['interactive', 2000])
  })

  const waits: [Priority, number][] = [
    ['interactive', 250],
    ['async', 0],
    ['batch', Infinity],
  ]
  for (const [priority, ms] of waits) {
    test(`waits by its priority (${priority})`, () => {
      assert.equal(defaultMaxWaitMs(priority, 1000), ms)
    })
  }
})
