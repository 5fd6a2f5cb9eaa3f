import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { shortId, stableId } from '../../src/events/ids.ts'

describe('shortId', () => {
  test('is sixteen characters as the gateway writes them, and follows from the request id', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (one, other) => {
        assert.match(shortId(one), /^[A-Za-z0-9_-]{15}=$/)
        assert.equal(shortId(one), shortId(one))
        assert.equal(shortId(one.toUpperCase()), shortId(one))
        if (one.slice(0, 24) !== other.slice(0, 24)) assert.notEqual(shortId(one), shortId(other))
      }),
    )
  })

  test('takes the digits wherever the dashes are', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => assert.equal(shortId(id.replaceAll('-', '')), shortId(id))),
    )
  })

  test('takes any text', () => {
    for (const text of ['', 'zz', 'é€', 'a']) assert.match(shortId(text), /^[A-Za-z0-9_-]{15}=$/)
  })
})

test('stableId gives as many letters and digits as asked, the same for the same text', () => {
  for (const length of [1, 6, 10, 20]) {
    assert.match(stableId('x', length), new RegExp(`^[0-9a-z]{${length}}$`))
  }
  assert.equal(stableId('a', 10), stableId('a', 10))
  assert.notEqual(stableId('a', 10), stableId('b', 10))
})
