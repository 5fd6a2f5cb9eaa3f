import { isIPv4, isIPv6 } from 'node:net'
import { PatternError } from './pattern-error.ts'

/** Whether a text is an address in a range. */
export type Contains = (text: string) => boolean

/**
 * A range such as `10.0.0.0/24` or `2001:db8::/32`. An address of the other family is never in it.
 * @throws {PatternError} as AWS's own matcher words it (aws/event-ruler, `CIDR`).
 */
export function parseCidr(text: string): Contains {
  const [address = '', maskText, ...rest] = text.split('/')
  if (maskText === undefined || rest.length > 0) {
    throw new PatternError("Malformed CIDR, one '/' required")
  }
  if (!/^[+-]?\d+$/.test(maskText)) {
    throw new PatternError('Malformed CIDR, mask bits must be an integer')
  }
  const mask = Number(maskText)
  if (mask < 0) throw new PatternError('Malformed CIDR, mask bits must not be negative')
  const bits = bitsOf(address)
  if (bits === undefined) throw new PatternError(`Nonstandard IP address: ${address}`)
  if (mask >= bits) throw new PatternError(`IPv${bits === 32 ? 4 : 6} mask bits must be < ${bits}`)
  const network = prefixOf(address, bits, mask)
  return (candidate) => bitsOf(candidate) === bits && prefixOf(candidate, bits, mask) === network
}

function bitsOf(address: string): 32 | 128 | undefined {
  if (isIPv4(address)) return 32
  return isIPv6(address) && !address.includes('%') ? 128 : undefined
}

/** The first `mask` bits. */
function prefixOf(address: string, bits: 32 | 128, mask: number): bigint {
  const value = bits === 32 ? fromDotted(address) : fromColons(address)
  return value >> BigInt(bits - mask)
}

function fromDotted(address: string): bigint {
  return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
}

/** `::` stands for as many zeros as are missing; the end may be dotted. */
function fromColons(address: string): bigint {
  const [head = '', tail] = address.split('::', 2)
  const before = groupsOf(head)
  const after = tail === undefined ? [] : groupsOf(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0n)
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | group, 0n)
}

function groupsOf(text: string): bigint[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)]
    const value = fromDotted(group)
    return [value >> 16n, value & 0xffffn]
  })
}
