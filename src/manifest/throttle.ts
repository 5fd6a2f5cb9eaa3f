import type { Throttle } from '../model/front-rules.ts'
import { reportUnknown } from './limit-words.ts'
import { anyNumber, child, settings, wholeNumber, type Reading } from './read.ts'
import type { Node } from './tree.ts'

/** How one kind of manifest calls the two numbers of a throttle. */
export interface ThrottleWords {
  readonly rate: string
  readonly burst: string
  /** Keys beside them that others read. */
  readonly others?: readonly string[]
}

/** The numbers of a throttle that are given and right; errors for the others. */
export function readThrottleNumbers(
  reading: Reading,
  node: Node | undefined,
  what: string,
  { rate, burst, others = [] }: ThrottleWords,
): { readonly rate: number | undefined; readonly burst: number | undefined } {
  const known = [rate, burst, ...others]
  for (const setting of settings(reading, node, what)) {
    if (!known.includes(setting.key)) reportUnknown(reading, setting, { known, later: [] })
  }
  const range = { min: 0 }
  return {
    rate: anyNumber(reading, child(reading, node, rate), `${rate} of ${what}`),
    burst: wholeNumber(reading, child(reading, node, burst), `${burst} of ${what}`, range),
  }
}

/** A throttle with both of its numbers; nothing, and an error, where one is missing. */
export function readThrottle(
  reading: Reading,
  node: Node | undefined,
  what: string,
  words: ThrottleWords,
): Throttle | undefined {
  if (node === undefined) return undefined
  const { errors } = reading.report
  const before = errors.length
  const { rate, burst } = readThrottleNumbers(reading, node, what, words)
  if (rate !== undefined && burst !== undefined) return { rate, burst }
  if (errors.length === before) {
    const missing = rate === undefined ? words.rate : words.burst
    reading.report.error(node.place, `expected ${what} to have a ${missing}, got: nothing`)
  }
  return undefined
}
