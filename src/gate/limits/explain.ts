import {
  ceilingOf,
  guaranteeOf,
  promisedByGroup,
  promisedInAccount,
  sum,
  versionsOf,
  type Shares,
} from '../../model/arithmetic.ts'
import { inForce } from '../../model/in-force.ts'
import {
  PRIORITIES,
  type FunctionLimits,
  type Headroom,
  type LimitsConfig,
  type Priority,
} from '../../model/limits.ts'
import { overlapsOf, warningsOf, type TagOverlap } from './explain-tags.ts'
import { reachOf, type Reach } from './reach.ts'

/** The arithmetic of a configuration: what `spillway check` prints. Where there is no ceiling: null. */
export interface LimitsExplanation {
  readonly mode: 'spillway' | 'aws'
  readonly account: LevelExplanation
  readonly groups: readonly (LevelExplanation & { readonly functions: number })[]
  readonly tags: readonly TagExplanation[]
  readonly functions: readonly FunctionExplanation[]
  /** Functions that nothing but the account keeps from taking it all. */
  readonly uncapped: readonly string[]
  readonly overlaps: readonly TagOverlap[]
  /** What is allowed and may surprise, a sentence each. */
  readonly warnings: readonly string[]
}

/** The account or a group: what it has, and who has it beforehand. */
export interface LevelExplanation {
  /** Empty for the account. */
  readonly name: string
  readonly max: number | null
  /** What it takes of its parent beforehand; of the account, what is guaranteed in it. */
  readonly guaranteed: number
  /** How much of that others may use while it is idle. */
  readonly lend: number
  /** Who in it is guaranteed what; those that are guaranteed nothing are not here. */
  readonly shares: readonly Share[]
  /** What is left for everyone in it. */
  readonly shared: number | null
  /** By priority: the slots that it leaves free, and what it may then use beyond guarantees. */
  readonly headroom: Readonly<Partial<Record<Priority, HeadroomExplanation>>>
}

export interface Share {
  readonly name: string
  readonly guaranteed: number
}

export interface HeadroomExplanation {
  readonly leaves: number
  readonly shared: number
}

export interface TagExplanation {
  readonly name: string
  readonly max: number
  readonly functions: readonly string[]
}

export interface FunctionExplanation {
  readonly name: string
  readonly group: string
  readonly tags: readonly string[]
  readonly guaranteed: number
  readonly lend: number
  /** What is guaranteed to which version or alias. */
  readonly versions: readonly Share[]
  /** The most it can have while all others are idle, and the limit that makes it. */
  readonly ceiling: Reach
}

/** Explains a configuration whose sums fit (`checkLimits`), as far as its mode has it in force. */
export function explainLimits(written: LimitsConfig): LimitsExplanation {
  const config = inForce(written)
  const byGroup = promisedByGroup(config)
  const inAccount = promisedInAccount(config, byGroup)
  const members = countBy(Object.values(config.functions), ({ group }) => group)
  const reach = reachOf(config)
  const functions = Object.entries(config.functions).map(([name, limits]) =>
    explainFunction(name, limits, reach(name)),
  )
  return {
    mode: config.mode ?? 'spillway',
    account: explainLevel('', { ...config.account, guaranteed: sum(inAccount) }, inAccount),
    groups: [...byGroup].map(([name, shares]) => {
      const limits = config.groups[name] ?? {}
      const guaranteed = Math.max(limits.guaranteedConcurrency ?? 0, sum(shares))
      return {
        ...explainLevel(name, { ...limits, guaranteed }, shares),
        functions: members.get(name) ?? 0,
      }
    }),
    tags: Object.entries(config.tags ?? {}).map(([name, { maxConcurrency }]) => ({
      name,
      max: maxConcurrency,
      functions: functions.filter(({ tags }) => tags.includes(name)).map((each) => each.name),
    })),
    functions,
    uncapped: functions.filter(({ name }) => isUncapped(config, name)).map(({ name }) => name),
    overlaps: overlapsOf(config),
    warnings: warningsOf(config),
  }
}

function explainLevel(
  name: string,
  limits: {
    readonly guaranteed: number
    readonly maxConcurrency?: number
    readonly lend?: number
    readonly headroom?: Headroom
  },
  shares: Shares,
): LevelExplanation {
  const { guaranteed, maxConcurrency: max = null, lend = 0, headroom = {} } = limits
  const used = sum(shares)
  return {
    name,
    max,
    guaranteed,
    lend,
    shares: toShares(shares),
    shared: max === null ? null : max - used,
    headroom: Object.fromEntries(
      PRIORITIES.filter((each) => (headroom[each] ?? 0) > 0).map((each) => {
        const leaves = headroom[each] ?? 0
        return [each, { leaves, shared: Math.max(0, (max ?? Infinity) - leaves - used) }]
      }),
    ),
  }
}

function explainFunction(
  name: string,
  limits: FunctionLimits,
  ceiling: Reach,
): FunctionExplanation {
  const { group, tags = [], lend = 0 } = limits
  const guaranteed = guaranteeOf(limits)
  return { name, group, tags, guaranteed, lend, versions: toShares(versionsOf(limits)), ceiling }
}

function isUncapped(config: LimitsConfig, name: string): boolean {
  const limits = config.functions[name]
  if (limits === undefined) return false
  const inGroup = config.groups[limits.group]?.maxConcurrency
  return ceilingOf(limits) === Infinity && inGroup === undefined && (limits.tags ?? []).length === 0
}

function toShares(shares: Shares): Share[] {
  return shares.map(([name, guaranteed]) => ({ name, guaranteed }))
}

function countBy<T>(all: readonly T[], keyOf: (each: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const each of all) counts.set(keyOf(each), (counts.get(keyOf(each)) ?? 0) + 1)
  return counts
}
