import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionsMax } from '../../src/lib/connections-max.ts'

test('leaves half of the files for everything that is no connection', () => {
  const limits = `Limit                     Soft Limit           Hard Limit           Units
Max open files            1024                 4096                 files
Max locked memory         8388608              8388608              bytes
`
  assert.equal(connectionsMax(limits), 512)
  assert.equal(connectionsMax(limits.replace('1024', '1048576')), 16_384)
  assert.equal(connectionsMax(limits.replace('1024', 'unlimited')), 16_384)
  assert.equal(connectionsMax(''), 16_384)
})
