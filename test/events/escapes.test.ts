import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { decodePath, decodeQuery } from '../../src/events/escapes.ts'

describe('decodePath', () => {
  for (const [sent, decoded] of [
    ['a%20b', 'a b'],
    ['%C3%A9', 'é'],
    ['%zz', '%zz'],
    ['%', '%'],
    ['%2', '%2'],
    ['%C3%A9%zz', 'é%zz'],
    ['%FF', '\uFFFD'],
    ['a+b', 'a+b'],
  ] as const) {
    test(`reads ${sent} as ${decoded}`, () => {
      assert.equal(decodePath(sent), decoded)
    })
  }

  test('gives back what was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40, size: 'max' }), (text) => {
        assert.equal(decodePath(encodeURIComponent(text)), text)
      }),
    )
  })
})

test('decodeQuery agrees with URLSearchParams wherever every escape is valid', () => {
  const pieces = fc.constantFrom('a', '+', '%2B', '%20', '%C3%A9', '%FF')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12, size: 'max' }), (sent) => {
      const text = sent.join('')
      assert.equal(decodeQuery(text), new URLSearchParams(`x=${text}`).get('x'))
    }),
  )
})
