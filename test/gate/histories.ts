import fc from 'fast-check'
import { PRIORITIES, type FunctionLimits, type LimitsConfig } from '../../src/model/limits.ts'
import type { Layout } from './model.ts'

/** Small enough that limits meet, large enough that all kinds of them do. */
export const LAYOUT: Layout = {
  functions: ['a', 'b', 'c', 'd'],
  groups: ['g', 'h'],
  tenants: ['t1', 't2'],
  versions: ['1'],
}
const TAGS = ['x', 'y']

/** What happens to a gate. */
export type Step =
  | {
      readonly do: 'ask'
      readonly name: string
      readonly rank: number
      readonly maxWaitMs: number
      readonly forMs: number
      readonly below: 'nothing' | 't1' | 't2' | '1'
    }
  | { readonly do: 'release' | 'cancel'; readonly at: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'slots'; readonly name: string; readonly slots: number }
  | { readonly do: 'configure'; readonly config: number }

export interface History {
  readonly configs: readonly LimitsConfig[]
  readonly steps: readonly Step[]
}

/**
 * A history is drawn as numbers and read from them: drawing records of records costs ten times what
 * the gate and its oracle take. Shrinking goes on the numbers, and the reader makes the most of 0.
 */
export function histories(stepsMax: number): fc.Arbitrary<History> {
  const words = (length: number): fc.Arbitrary<Uint32Array> =>
    fc.uint32Array({ minLength: length, maxLength: length, size: 'max' })
  return fc
    .tuple(words(CONFIGS * WORDS), fc.uint32Array({ maxLength: stepsMax, size: 'max' }))
    .map(([first, rest]) => ({
      configs: Array.from({ length: CONFIGS }, (_, at) =>
        readConfig(new Words(first.subarray(at * WORDS, (at + 1) * WORDS))),
      ),
      steps: Array.from(rest, readStep),
    }))
}

const CONFIGS = 3
const WORDS = 64

/** Numbers, one after the other. */
class Words {
  readonly #words: Uint32Array
  #at = 0

  constructor(words: Uint32Array) {
    this.#words = words
  }

  below(count: number): number {
    return (this.#words[this.#at++] ?? 0) % count
  }

  /** The value about as often as `often` of 8 times, else undefined: 0 reads as undefined. */
  maybe<T>(often: number, value: () => T): T | undefined {
    const given = value()
    return this.below(8) >= 8 - often ? given : undefined
  }
}

function readConfig(words: Words): LimitsConfig {
  const account = {
    maxConcurrency: words.below(9),
    ...defined({ headroom: words.maybe(2, () => ({ batch: words.below(3), async: 1 })) }),
  }
  const groups = Object.fromEntries(LAYOUT.groups.map((name) => [name, readLimits(words)]))
  const tags = Object.fromEntries(TAGS.map((name) => [name, { maxConcurrency: words.below(6) }]))
  const functions = Object.fromEntries(LAYOUT.functions.map((name) => [name, readFunction(words)]))
  if (words.below(8) === 7) delete functions['d']
  return feasible({ account, groups, tags, functions })
}

function readLimits(words: Words): object {
  return defined({
    maxConcurrency: words.maybe(3, () => words.below(6)),
    guaranteedConcurrency: words.maybe(3, () => words.below(4)),
    lend: words.maybe(2, () => words.below(3)),
    weight: words.maybe(3, () => 1 + words.below(3)),
    headroom: words.maybe(1, () => ({ batch: words.below(3) })),
  })
}

function readFunction(words: Words): FunctionLimits {
  const group = LAYOUT.groups[words.below(LAYOUT.groups.length)] ?? ''
  return {
    ...readLimits(words),
    group,
    ...defined({
      reservedConcurrency: words.maybe(1, () => words.below(3)),
      tags: words.maybe(3, () => TAGS.filter(() => words.below(2) === 1)),
      perTenant: words.maybe(2, () => ({
        maxConcurrency: 1 + words.below(3),
        weight: 1 + words.below(2),
      })),
      versions: words.maybe(1, () => ({ '1': { provisionedConcurrency: 1 + words.below(2) } })),
    }),
  }
}

function defined<T extends object>(value: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T
}

/** Takes guarantees away where they could not be kept. */
function feasible(config: LimitsConfig): LimitsConfig {
  const functions = mapValues(config.functions, (given) =>
    promiseOf(given) > ceilingOf(given) ? withoutPromises(given) : given,
  )
  const promisedIn = (group: string): number => {
    const members = Object.values(functions).filter((each) => each.group === group)
    return members.reduce((sum, each) => sum + promiseOf(each), 0)
  }
  const broken = Object.entries(config.groups).some(
    ([name, { maxConcurrency = 99, guaranteedConcurrency = 0 }]) =>
      Math.max(promisedIn(name), guaranteedConcurrency) > maxConcurrency,
  )
  const total = Object.entries(config.groups).reduce(
    (sum, [name, { guaranteedConcurrency = 0 }]) =>
      sum + Math.max(promisedIn(name), guaranteedConcurrency),
    0,
  )
  if (!broken && total <= config.account.maxConcurrency) return { ...config, functions }
  return {
    ...config,
    groups: mapValues(config.groups, ({ guaranteedConcurrency: _g, ...rest }) => rest),
    functions: mapValues(functions, withoutPromises),
  }
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  change: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

function ceilingOf({ maxConcurrency = 99, reservedConcurrency = 99 }: FunctionLimits): number {
  return Math.min(maxConcurrency, reservedConcurrency)
}

function promiseOf(given: FunctionLimits): number {
  const own = given.reservedConcurrency ?? given.guaranteedConcurrency ?? 0
  const versions = Object.values(given.versions ?? {})
  return Math.max(
    own,
    versions.reduce((sum, { provisionedConcurrency }) => sum + provisionedConcurrency, 0),
  )
}

function withoutPromises(given: FunctionLimits): FunctionLimits {
  const { guaranteedConcurrency: _, reservedConcurrency: _r, versions: _v, ...rest } = given
  return rest
}

const WAITS_MS = [0, 5, 50, Infinity]
const PATIENCE_MS = [3, 30, 1000]
const BELOW = ['nothing', 'nothing', 't1', 't2', '1'] as const

function readStep(word: number): Step {
  const pick = <T>(values: readonly T[], shift: number): T =>
    values[(word >>> shift) % values.length] as T
  const kind = word % 19
  if (kind < 7) {
    return {
      do: 'ask',
      name: pick(LAYOUT.functions, 5),
      rank: pick([0, 1, 2], 8),
      maxWaitMs: pick(WAITS_MS, 12),
      forMs: pick(PATIENCE_MS, 16),
      below: pick(BELOW, 20),
    }
  }
  if (kind < 12) return { do: 'release', at: word >>> 6 }
  if (kind < 13) return { do: 'cancel', at: word >>> 6 }
  if (kind < 15) return { do: 'advance', ms: (word >>> 6) % 40 }
  if (kind < 18) return { do: 'slots', name: pick(LAYOUT.functions, 6), slots: (word >>> 9) % 7 }
  return { do: 'configure', config: (word >>> 6) % CONFIGS }
}

export function priorityOf(rank: number): (typeof PRIORITIES)[number] {
  return PRIORITIES[rank] ?? 'batch'
}
