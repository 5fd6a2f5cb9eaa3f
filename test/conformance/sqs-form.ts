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
  const form: Record<string, string> = {}
  for (const [name, value] of Object.entries<Json>(params)) {
    const member = `${prefix}${MEMBERS[name] ?? name}`
    if (Array.isArray(value)) {
      for (const [i, each] of value.entries()) form[`${member}.${i + 1}`] = String(each)
    } else if (typeof value === 'object') {
      for (const [i, [key, each]] of Object.entries<Json>(value).entries()) {
        form[`${member}.${i + 1}.Name`] = key
        if (typeof each === 'object') Object.assign(form, toForm(each, `${member}.${i + 1}.Value.`))
        else form[`${member}.${i + 1}.Value`] = String(each)
      }
    } else form[member] = String(value)
  }
  return form
}
