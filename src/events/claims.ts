/**
 * The claims of a token as API Gateway passes them on: texts, lists as `[a b]`, maps as `map[a:1]`
 * (recorded 2026-08; the gateway prints them as Go does).
 */
export function toClaimTexts(claims: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, toText(value)]))
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(toText).join(' ')}]`
  if (typeof value === 'string') return value
  if (typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([name, each]) => `${name}:${toText(each)}`).join(' ')}]`
}
