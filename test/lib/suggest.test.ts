import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { didYouMean, suggest } from '../../src/lib/suggest.ts'

const WORDS = ['self', 'opt', 'file', 'env', 'maxConcurrency', 'guaranteedConcurrency']

describe('A suggestion', () => {
  test('is made for one slip: a letter too many, too few, wrong, or two the wrong way round', () => {
    const table: [string, string][] = [
      ['sself', 'self'],
      ['slf', 'self'],
      ['salf', 'self'],
      ['slef', 'self'],
      ['pot', 'opt'],
      ['OPT', 'opt'],
      ['maxConcurency', 'maxConcurrency'],
      ['maxConcurrencies', 'maxConcurrency'],
    ]
    for (const [word, meant] of table) assert.equal(suggest(word, WORDS), meant, word)
  })

  test('is not made where nothing is near', () => {
    for (const word of ['', 'sls', 'fiel2', 'memory', 'cron']) {
      assert.equal(suggest(word, WORDS), undefined, word)
    }
    assert.equal(suggest('self', []), undefined)
  })

  test('is the nearest, and of several as near the first', () => {
    assert.equal(suggest('leads', ['loads', 'lead', 'leads-dev']), 'loads')
    assert.equal(suggest('lead', ['leads', 'lead']), 'lead')
  })

  test('is made for any two neighbours of a word that changed places', () => {
    const word = fc.string({ minLength: 2, maxLength: 40, size: 'max' })
    fc.assert(
      fc.property(word, fc.nat(), (meant, seed) => {
        const at = seed % (meant.length - 1)
        const slip = `${meant.slice(0, at)}${meant[at + 1]}${meant[at]}${meant.slice(at + 2)}`
        assert.equal(suggest(slip, [meant]), meant)
      }),
    )
  })

  test('is added to a sentence, or nothing is', () => {
    assert.equal(didYouMean('slef', WORDS), ', did you mean "self"?')
    assert.equal(didYouMean('memory', WORDS), '')
  })
})
