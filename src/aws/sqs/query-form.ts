import type { Params } from './operation.ts'

/** How a parameter of a form is called in a list, and what becomes of it. */
type Shape =
  | { readonly kind: 'list'; readonly member: string; readonly fields?: Fields }
  | {
      readonly kind: 'map'
      readonly member: string
      readonly value: string
      readonly fields?: Fields
    }

/** Where something else than a text is meant. */
type Fields = Readonly<Record<string, Shape>>

const ATTRIBUTES: Shape = { kind: 'map', member: 'MessageAttribute', value: 'Value', fields: {} }
const SYSTEM_ATTRIBUTES: Shape = {
  kind: 'map',
  member: 'MessageSystemAttribute',
  value: 'Value',
  fields: {},
}
const MESSAGE: Fields = {
  MessageAttributes: ATTRIBUTES,
  MessageSystemAttributes: SYSTEM_ATTRIBUTES,
}

/** By operation, the parameters that are lists and maps: flattened and counted from 1. */
const OPERATIONS: Readonly<Record<string, Fields>> = {
  CreateQueue: {
    Attributes: { kind: 'map', member: 'Attribute', value: 'Value' },
    tags: { kind: 'map', member: 'Tag', value: 'Value' },
  },
  SetQueueAttributes: { Attributes: { kind: 'map', member: 'Attribute', value: 'Value' } },
  GetQueueAttributes: { AttributeNames: { kind: 'list', member: 'AttributeName' } },
  TagQueue: { Tags: { kind: 'map', member: 'Tag', value: 'Value' } },
  UntagQueue: { TagKeys: { kind: 'list', member: 'TagKey' } },
  SendMessage: MESSAGE,
  SendMessageBatch: {
    Entries: { kind: 'list', member: 'SendMessageBatchRequestEntry', fields: MESSAGE },
  },
  ReceiveMessage: {
    AttributeNames: { kind: 'list', member: 'AttributeName' },
    MessageSystemAttributeNames: { kind: 'list', member: 'MessageSystemAttributeName' },
    MessageAttributeNames: { kind: 'list', member: 'MessageAttributeName' },
  },
  DeleteMessageBatch: {
    Entries: { kind: 'list', member: 'DeleteMessageBatchRequestEntry', fields: {} },
  },
  ChangeMessageVisibilityBatch: {
    Entries: { kind: 'list', member: 'ChangeMessageVisibilityBatchRequestEntry', fields: {} },
  },
}

/** The parameters of a form, as the JSON protocol has them; numbers stay texts. */
export function fromForm(operation: string, form: URLSearchParams): Params {
  return fieldsOf(form, '', OPERATIONS[operation] ?? {})
}

function fieldsOf(form: URLSearchParams, prefix: string, fields: Fields): Params {
  const params: Record<string, unknown> = {}
  for (const [key, value] of form) {
    const name = key.startsWith(prefix) ? key.slice(prefix.length) : '.'
    if (!name.includes('.')) params[name] = value
  }
  for (const [name, shape] of Object.entries(fields)) {
    const value = shapeOf(form, prefix, shape)
    if (value !== undefined) params[name] = value
  }
  return params
}

function shapeOf(form: URLSearchParams, prefix: string, shape: Shape): unknown {
  const starts = starting(form, `${prefix}${shape.member}.`)
  if (starts.length === 0) return undefined
  if (shape.kind === 'list') {
    return starts.map((start) =>
      shape.fields === undefined ? form.get(start) : fieldsOf(form, `${start}.`, shape.fields),
    )
  }
  return Object.fromEntries(
    starts.map((start) => {
      // Tags have a `Key`, attributes a `Name`.
      const key = form.get(`${start}.Name`) ?? form.get(`${start}.Key`) ?? ''
      const at = `${start}.${shape.value}`
      return [
        key,
        shape.fields === undefined ? (form.get(at) ?? '') : fieldsOf(form, `${at}.`, shape.fields),
      ]
    }),
  )
}

/** `Entry.1`, `Entry.2`, …: what there is, in order. */
function starting(form: URLSearchParams, prefix: string): string[] {
  const numbers = new Set<number>()
  for (const key of form.keys()) {
    if (!key.startsWith(prefix)) continue
    const number = Number(key.slice(prefix.length).split('.', 1)[0])
    if (Number.isInteger(number)) numbers.add(number)
  }
  return [...numbers].sort((a, b) => a - b).map((number) => `${prefix}${number}`)
}
