import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { traceIdOf } from '../../src/events/trace-id.ts'

describe('A trace id', () => {
  const ID = '182f9086-3f1e-4b0c-9f6e-2a57b2c0a111'
  const WALL_MS = 0x67891233 * 1000 + 999

  test("is the caller's own where it is one", () => {
    const given = 'Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1'
    assert.equal(traceIdOf(given, ID, WALL_MS), given)
  })

  test('is else a new one of the time and the request', () => {
    for (const given of [undefined, '', 'nonsense', ['Root=1-1-1', 'Root=2-2-2']]) {
      assert.equal(traceIdOf(given, ID, WALL_MS), 'Root=1-67891233-182f90863f1e2a57b2c0a111')
    }
  })
})
