import { PatternError } from './pattern-error.ts'

/** Any number of characters, none included. */
const ANY = Symbol('any')

/**
 * A text with `*` for any characters; `\*` and `\\` stand for themselves. The match takes at most
 * (length of text) × (length of pattern) steps, so no pattern is too complex; AWS refuses some.
 * @throws {PatternError} for `**` and for a stray backslash; positions count the opening quote, as AWS's do.
 */
export function parseWildcard(text: string): (candidate: string) => boolean {
  const pattern = tokensOf(text)
  return (candidate) => matches(pattern, candidate)
}

function tokensOf(text: string): (string | typeof ANY)[] {
  const tokens: (string | typeof ANY)[] = []
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    const next = text.charAt(at + 1)
    if (char === '*') {
      if (next === '*') throw new PatternError(`Consecutive wildcard characters at pos ${at + 1}`)
      tokens.push(ANY)
    } else if (char === '\\') {
      if (next !== '*' && next !== '\\') {
        throw new PatternError(`Invalid escape character at pos ${at + 1}`)
      }
      tokens.push(next)
      at++
    } else {
      tokens.push(char)
    }
  }
  return tokens
}

/** Where a character does not fit, only the last `*` can have been too short. */
function matches(pattern: readonly (string | typeof ANY)[], text: string): boolean {
  let at = 0
  let inText = 0
  let lastAny = -1
  let resumeAt = 0
  while (inText < text.length) {
    if (pattern[at] === ANY) {
      lastAny = at++
      resumeAt = inText
    } else if (pattern[at] === text.charAt(inText)) {
      at++
      inText++
    } else if (lastAny >= 0) {
      at = lastAny + 1
      inText = ++resumeAt
    } else {
      return false
    }
  }
  return at === pattern.length || (at === pattern.length - 1 && pattern[at] === ANY)
}
