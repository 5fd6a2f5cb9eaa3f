import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFadingMap } from '../../src/rates/fading-map.ts'

test('a fading map keeps what is set for its life, and not for twice as long', () => {
  const map = createFadingMap<number>(1000)
  for (let nowMs = 0; nowMs < 10_000; nowMs += 100) {
    assert.equal(map.get('often', nowMs), nowMs === 0 ? undefined : nowMs - 100)
    map.set('often', nowMs)
    map.set(`once at ${nowMs}`, nowMs)
    assert.equal(map.get(`once at ${Math.max(0, nowMs - 900)}`, nowMs), Math.max(0, nowMs - 900))
    if (nowMs >= 2000) assert.equal(map.get(`once at ${nowMs - 2000}`, nowMs), undefined)
    assert.ok(map.size <= 22, `${map.size} at ${nowMs}`)
  }
  assert.equal(map.get('often', 60_000), undefined)
  assert.equal(map.size, 0, 'nobody comes for a while, and all of it is gone at once')
})
