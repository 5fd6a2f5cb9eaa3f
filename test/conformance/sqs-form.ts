import type { Json } from './cases.ts'

/** What lists and maps of the JSON protocol are called in the Query protocol. */
const MEMBERS: Readonly<Record<string, string>> = {
  AttributeNames: 'AttributeName',
  MessageSystemAttributeNames: 'MessageSystemAttributeName',
  MessageAttributeNames: 'MessageAttributeName',
  Attributes: 'Attribute',
  MessageAttributes: 'MessageAttribute',
}

/** Parameters as a form: `Attribute.1.Name`, `Attribute.1.Value`. */
export function toForm(params: Json, prefix = ''): Record<string, string> {
  const entries = Object.entries<Json>(params).flatMap(([name, value]) => {
    const member = `${prefix}${MEMBERS[name] ?? name}`
    if (Array.isArray(value)) return value.map((each, i) => [`${member}.${i + 1}`, String(each)])
    if (typeof value !== 'object') return [[member, String(value)]]
    return Object.entries<Json>(value).flatMap(([key, each], i) =>
      entryOf(`${member}.${i + 1}`, key, each),
    )
  })
  return Object.fromEntries(entries)
}

function entryOf(member: string, key: string, value: Json): [string, string][] {
  const values =
    typeof value === 'object'
      ? Object.entries(toForm(value, `${member}.Value.`))
      : ([[`${member}.Value`, String(value)]] as [string, string][])
  return [[`${member}.Name`, key], ...values]
}
