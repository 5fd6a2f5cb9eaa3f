/**
 * Whether a text fits a pattern of `*` (any characters, none too) and `?` (one character). In time
 * that grows with the product of their lengths: clients choose the text.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let starAt = -1
  let retryAt = 0
  while (t < text.length) {
    if (pattern[p] === '*') {
      starAt = p++
      retryAt = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (starAt === -1) {
      return false
    } else {
      p = starAt + 1
      t = ++retryAt
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
