/**
 * The value of a header, its name in lower case; undefined where it is absent. Where it came several
 * times it is the last one, as in the events of API Gateway.
 */
export function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
    const given = rawHeaders[i] ?? ''
    if (given.length === name.length && given.toLowerCase() === name) return rawHeaders[i + 1]
  }
  return undefined
}
