/**
 * Whether a text is what a pattern of a listener rule says: `*` is any number of characters, `?` one.
 * By hand: a regular expression of several `*` may take for ever on a text that a client made.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0
  let from = 0
  let star = -1
  let resume = 0
  while (at < text.length) {
    const wanted = pattern[from]
    if (wanted === '*') {
      star = from++
      resume = at
    } else if (wanted === '?' || wanted === text[at]) {
      from++
      at++
    } else if (star !== -1) {
      // The last `*` takes one character more.
      from = star + 1
      at = ++resume
    } else return false
  }
  while (pattern[from] === '*') from++
  return from === pattern.length
}
