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

/** The values of a header that is a list, however many there were; undefined where it is absent. */
export function listOf(rawHeaders: readonly string[], name: string): string | undefined {
  let list: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const given = rawHeaders[i] ?? ''
    if (given.length !== name.length || given.toLowerCase() !== name) continue
    list = list === undefined ? rawHeaders[i + 1] : `${list}, ${rawHeaders[i + 1]}`
  }
  return list
}
