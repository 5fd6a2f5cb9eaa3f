import type { Place } from '../lib/errors.ts'
import { didYouMean } from '../lib/suggest.ts'
import type { Report } from './report.ts'
import type { Resolver } from './resolve.ts'
import { describeNode, isPresent, type Node } from './tree.ts'

/** Reading settings out of a tree: values are worked out on the way, and mistakes reported. */
export interface Reading extends Resolver {
  readonly report: Report
}

/** One key of a map, its value worked out. */
export interface Setting {
  readonly key: string
  /** The key's own place. */
  readonly place: Place
  readonly value: Node
}

/** The value under a key, worked out; undefined where it is missing or empty. */
export function child(
  reading: Reading,
  node: Node | undefined,
  ...keys: string[]
): Node | undefined {
  let current = node
  for (const key of keys) {
    if (current?.kind !== 'map') return undefined
    const value = current.entries.get(key)?.value
    const next = value === undefined ? undefined : reading.resolve(value)
    current = isPresent(next) ? next : undefined
  }
  return current
}

/** A map's settings; nothing, and an error, for what is no map. */
export function settings(reading: Reading, node: Node | undefined, what: string): Setting[] {
  if (node === undefined) return []
  if (node.kind !== 'map') {
    expected(reading, node, `${what} to be a map`)
    return []
  }
  return [...node.entries].map(([key, { place, value }]) => ({
    key,
    place,
    value: reading.resolve(value),
  }))
}

/** A list's items; nothing, and an error, for what is no list. */
export function items(reading: Reading, node: Node | undefined, what: string): Node[] {
  if (node === undefined) return []
  if (node.kind === 'list') return node.items.map(reading.resolve).filter(isPresent)
  expected(reading, node, `${what} to be a list`)
  return []
}

/** A text that may be stood in for: what is not known becomes its placeholder, and a note. */
export function text(reading: Reading, node: Node | undefined, what: string): string | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'scalar') return String(node.value)
  if (node.kind === 'unknown') {
    reading.report.note(node.place, `${what} stays the text ${node.text}: ${node.why}`)
    return node.text
  }
  return expected(reading, node, `${what} to be a text`)
}

/** A text that something depends on: what is not known is an error. */
export function exactText(
  reading: Reading,
  node: Node | undefined,
  what: string,
): string | undefined {
  if (node === undefined) return undefined
  return node.kind === 'scalar'
    ? String(node.value)
    : expected(reading, node, `${what} to be a text`)
}

/** One of a few words, in any case; an error with the nearest of them otherwise. */
export function oneOf<T extends string>(
  reading: Reading,
  node: Node | undefined,
  what: string,
  words: readonly T[],
): T | undefined {
  const value = exactText(reading, node, what)
  if (node === undefined || value === undefined) return undefined
  const word = words.find((candidate) => candidate.toLowerCase() === value.toLowerCase())
  if (word !== undefined) return word
  const list = words.join(', ')
  return expected(reading, node, `${what} to be one of ${list}`, didYouMean(value, words))
}

/** Bounds of a number, both included. */
export interface Range {
  readonly min: number
  readonly max?: number
  /** `seconds`, for messages. */
  readonly unit?: string
}

/** A whole number; texts of digits count, as variables from the environment are texts. */
export function wholeNumber(
  reading: Reading,
  node: Node | undefined,
  what: string,
  range: Range,
): number | undefined {
  if (node === undefined) return undefined
  const { min, max = Infinity, unit } = range
  const value = node.kind === 'scalar' && node.value !== '' ? numberOf(node.value) : Number.NaN
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  const bounds = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`
  const number = unit === undefined ? 'a whole number' : `a whole number of ${unit}`
  return expected(reading, node, `${what} to be ${number} ${bounds}`)
}

/** A number that may have a fraction, of at least 0; texts of one count. */
export function anyNumber(
  reading: Reading,
  node: Node | undefined,
  what: string,
): number | undefined {
  if (node === undefined) return undefined
  const value = node.kind === 'scalar' && node.value !== '' ? numberOf(node.value) : Number.NaN
  if (value >= 0 && value < Infinity) return value
  return expected(reading, node, `${what} to be a number of at least 0`)
}

function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN
}

/** The node, unless it is not known: that counts as not set, with a note. */
export function ifKnown(reading: Reading, node: Node | undefined, what: string): Node | undefined {
  if (node?.kind !== 'unknown') return node
  reading.report.note(node.place, `${what} is taken as not set: ${node.why}`)
  return undefined
}

/** True or false, or their texts. */
export function flag(reading: Reading, node: Node | undefined, what: string): boolean | undefined {
  if (node === undefined) return undefined
  const word = node.kind === 'scalar' ? String(node.value).toLowerCase() : ''
  if (word === 'true') return true
  if (word === 'false') return false
  return expected(reading, node, `${what} to be true or false`)
}

/** Reports `expected …, got: …` at a node. */
export function expected(reading: Reading, node: Node, what: string, guess = ''): undefined {
  reading.report.error(node.place, `expected ${what}, got: ${describeNode(node)}${guess}`)
}
