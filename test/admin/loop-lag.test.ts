import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchLoopLag } from '../../src/admin/loop-lag.ts'

const BLOCKED_MS = 2500

test('an event loop that stands still is measured, and told', async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const lag = watchLoopLag(resolve)
  const keepAlive = setInterval(() => {}, 1000)
  // It counts from a first look on.
  await new Promise((looked) => setTimeout(looked, 250))
  const endMs = performance.now() + BLOCKED_MS
  while (performance.now() < endMs);
  assert.ok((await promise) > 1000)
  const [, , longest = 0] = lag.take([0.5, 0.99, 1])
  assert.ok(longest > 1, `${longest} s`)
  assert.ok((lag.take([1])[0] ?? 1) < longest, 'each look is at what came since the last one')
  clearInterval(keepAlive)
  lag.stop()
})
