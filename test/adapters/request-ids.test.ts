import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRequestIds } from '../../src/adapters/core/request-ids.ts'
import { traceIdOf } from '../../src/events/trace-id.ts'

test('Each request has a UUID of its own, and the trace that follows from it and the time', () => {
  const seen = new Set<string>()
  for (let i = 0; i < 2000; i++) {
    const timeEpochMs = 1_764_078_000_000 + i * 100
    const { requestId, traceId } = newRequestIds(timeEpochMs)
    assert.match(requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(traceId, traceIdOf(undefined, requestId, timeEpochMs))
    seen.add(requestId)
  }
  assert.equal(seen.size, 2000)
})
