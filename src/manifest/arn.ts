import type { Reading } from './read.ts'
import { expected } from './read.ts'
import type { Node } from './tree.ts'

/** `arn:aws:sqs:us-east-1:123456789012:leads`. */
const ARN = /^arn:aws[a-z-]*:([a-z]+):[a-z0-9-]*:\d{12}:.+$/

/**
 * The ARN that a value is. What exists only elsewhere comes back as a note, and undefined.
 * @param services whose ARNs are welcome here, the most likely one first.
 */
export function readArn(
  reading: Reading,
  node: Node | undefined,
  what: string,
  services: readonly string[],
): string | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'unknown') {
    reading.report.note(node.place, `${what} is taken as not set: ${node.why}`)
    return undefined
  }
  const text = node.kind === 'scalar' ? String(node.value) : ''
  if (services.includes(ARN.exec(text)?.[1] ?? '')) return text
  const example = `arn:aws:${services[0] ?? ''}:us-east-1:123456789012:name`
  return expected(reading, node, `${what} to be an ARN such as ${example}`)
}
