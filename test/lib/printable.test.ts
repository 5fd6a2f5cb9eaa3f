import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { printable } from '../../src/lib/printable.ts'

describe('Text of others on a terminal', () => {
  const texts: [what: string, given: string, shown: string][] = [
    ['keeps lines and tabs', 'a\tb\nc → 😀', 'a\tb\nc → 😀'],
    ['loses its colours', '\u001b[1;31mred\u001b[0m', 'red'],
    ['moves no cursor and clears no screen', '\u001b[2J\u001b[1A!', '\\x1b[2J\\x1b[1A!'],
    ['sets no title', '\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
    ['overwrites nothing', 'START\rFORGED\b', 'START\\x0dFORGED\\x08'],
    ['has no C1 controls, NUL or DEL', '\u009b2J\u0000\u007f', '\\x9b2J\\x00\\x7f'],
  ]
  for (const [what, given, shown] of texts) {
    test(what, () => assert.equal(printable(given), shown))
  }
})
