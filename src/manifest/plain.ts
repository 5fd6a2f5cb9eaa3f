import { text, type Reading } from './read.ts'
import type { Node } from './tree.ts'

/** A node as a plain value, all of it worked out; what is not known becomes its placeholder, and a note. */
export function plain(reading: Reading, node: Node, what: string): unknown {
  const resolved = reading.resolve(node)
  switch (resolved.kind) {
    case 'scalar':
      return resolved.value
    case 'unknown':
      return text(reading, resolved, what)
    case 'list':
      return resolved.items.map((item) => plain(reading, item, what))
    case 'map':
      return Object.fromEntries(
        [...resolved.entries].map(([key, { value }]) => [key, plain(reading, value, what)]),
      )
  }
}
