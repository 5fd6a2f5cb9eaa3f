import type { MessageAttribute, NewMessage } from '../queue.ts'

type Attributes = NonNullable<NewMessage['attributes']>

/** Attributes as they are kept: JSON, with bytes in base64. Null where there are none. */
export function writeAttributes(attributes: Attributes | undefined): string | null {
  if (attributes === undefined || Object.keys(attributes).length === 0) return null
  return JSON.stringify(
    Object.entries(attributes).map(([name, { dataType, value }]) =>
      typeof value === 'string'
        ? [name, dataType, value]
        : [name, dataType, Buffer.from(value).toString('base64'), 1],
    ),
  )
}

export function readAttributes(text: string): Attributes {
  const written = JSON.parse(text) as [name: string, dataType: string, value: string, binary?: 1][]
  return Object.fromEntries(
    written.map(([name, dataType, value, binary]): [string, MessageAttribute] => [
      name,
      { dataType, value: binary === 1 ? Buffer.from(value, 'base64') : value },
    ]),
  )
}
