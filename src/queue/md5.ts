import { createHash, hash } from 'node:crypto'
import type { MessageAttribute } from './queue.ts'

/** Of a message's text, as SQS and its clients compute it. */
export function md5OfBody(body: string): string {
  return hash('md5', body)
}

/**
 * Of a message's attributes: names in order, and of each name, type and value their lengths before them
 * ("SQS message metadata", Developer Guide). Undefined where there are none.
 */
export function md5OfAttributes(
  attributes: Readonly<Record<string, MessageAttribute>> | undefined,
): string | undefined {
  const entries = Object.entries(attributes ?? {})
  if (entries.length === 0) return undefined
  const digest = createHash('md5')
  const add = (value: string | Uint8Array): void => {
    const bytes = Buffer.from(value as string)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    digest.update(length).update(bytes)
  }
  for (const [name, { dataType, value }] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
    add(name)
    add(dataType)
    digest.update(Uint8Array.of(isBinary(dataType) ? 2 : 1))
    add(value)
  }
  return digest.digest('hex')
}

/** `Binary`, or `Binary.` with a label. */
export function isBinary(dataType: string): boolean {
  return dataType === 'Binary' || dataType.startsWith('Binary.')
}
