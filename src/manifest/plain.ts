import type { Reading } from './read.ts'
import type { Node, Scalar } from './tree.ts'

/** What a tree says, as JSON has it. */
export type Plain = Scalar | readonly Plain[] | { readonly [key: string]: Plain }

/** A tree as a plain value, all of it worked out; what is not known stays the text in its place. */
export function toPlain(reading: Reading, node: Node): Plain {
  const resolved = reading.resolve(node)
  switch (resolved.kind) {
    case 'scalar':
      return resolved.value
    case 'list':
      return resolved.items.map((item) => toPlain(reading, item))
    case 'map': {
      const entries = [...resolved.entries].map(([key, { value }]): [string, Plain] => [
        key,
        toPlain(reading, value),
      ])
      return Object.fromEntries(entries)
    }
    case 'unknown':
      return resolved.text
  }
}
