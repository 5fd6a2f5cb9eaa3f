import type { FaultName } from './faults.ts'

/** What a storm found. */
export interface Verdict {
  /** Figures to print, in order. */
  readonly facts: Readonly<Record<string, number | string>>
  /** What must not be and was, by a word; nothing when it passed. */
  readonly failures: Readonly<Record<string, string>>
}

/** Sizes and the like: whatever the storm of that name takes. */
export type Sizes = Readonly<Record<string, number>>

/** Something to be survived, how large it is, and the fault with which it must fail. */
export interface Storm {
  readonly name: string
  readonly title: string
  /** A module of this folder that exports `storm(sizes)`. */
  readonly module: string
  readonly full: Sizes
  /** A few seconds: part of `npm test`. */
  readonly short: Sizes
  readonly control: Control
  /** Why it cannot be had on this machine; undefined where it can. Default: it can. */
  readonly whyNot?: () => string | undefined
}

/** Without one that fails, a storm that passes says nothing. */
export interface Control {
  readonly what: string
  /** Planted in the sources as they load; absent where `sizes` make the fault. */
  readonly fault?: FaultName
  readonly sizes: Sizes
  /** The failure that must be found. */
  readonly finds: string
}

export type RunStorm = (sizes: Sizes) => Promise<Verdict>

/** A size that the storm needs. @throws {Error} where it is not given. */
export function sizeOf(sizes: Sizes, name: string): number {
  const value = sizes[name]
  if (value === undefined) throw new Error(`a storm needs ${name}`)
  return value
}

/** The failures that hold, by their word. */
export function failuresOf(
  checks: Readonly<Record<string, readonly [failed: boolean, why: string]>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(checks).flatMap(([word, [failed, why]]) => (failed ? [[word, why]] : [])),
  )
}
