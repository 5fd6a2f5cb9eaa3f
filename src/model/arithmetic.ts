import type { FunctionLimits, LimitsConfig } from './limits.ts'

/** Slots by the name of whom they belong to. */
export type Shares = readonly (readonly [name: string, slots: number])[]

/**
 * What a function can always have, whatever others do, and takes of its group beforehand. What is
 * provisioned, of itself and of its versions, lies inside a reservation where there is one.
 */
export function guaranteeOf(limits: FunctionLimits): number {
  const { reservedConcurrency, guaranteedConcurrency = 0 } = limits
  return reservedConcurrency ?? Math.max(guaranteedConcurrency, provisionedOf(limits))
}

/** How many environments of a function are to be kept warm: its own and those of its versions. */
export function provisionedOf({ provisionedConcurrency = 0, versions }: FunctionLimits): number {
  if (versions === undefined) return provisionedConcurrency
  return Object.values(versions).reduce(
    (total, version) => total + version.provisionedConcurrency,
    provisionedConcurrency,
  )
}

/** The function's own ceiling. */
export function ceilingOf(limits: FunctionLimits): number {
  return Math.min(limits.maxConcurrency ?? Infinity, limits.reservedConcurrency ?? Infinity)
}

/** Each function and its limits. Of thousands, `Object.entries` takes five times as long. */
export function* functionsOf({ functions }: LimitsConfig): Generator<[string, FunctionLimits]> {
  for (const name of Object.keys(functions)) {
    const limits = functions[name]
    if (limits !== undefined) yield [name, limits]
  }
}

/**
 * What functions take of their group beforehand: by group, and in it by function. Every group is
 * there that is written down or named by a function; functions that take nothing are not.
 */
export function promisedByGroup(config: LimitsConfig): ReadonlyMap<string, Shares> {
  const groups = new Map<string, [string, number][]>()
  for (const name of Object.keys(config.groups)) groups.set(name, [])
  for (const [name, limits] of functionsOf(config)) {
    const shares = groups.get(limits.group) ?? []
    groups.set(limits.group, shares)
    const slots = guaranteeOf(limits)
    if (slots > 0) shares.push([name, slots])
  }
  return groups
}

/**
 * What groups take of the account beforehand, by name: a group's own guarantee, or its functions'
 * where that is more. Groups that take nothing are not there.
 */
export function promisedInAccount(
  config: LimitsConfig,
  byGroup: ReadonlyMap<string, Shares>,
): Shares {
  return [...byGroup]
    .map(([name, shares]) => {
      const own = config.groups[name]?.guaranteedConcurrency ?? 0
      return [name, Math.max(own, sum(shares))] as const
    })
    .filter(([, slots]) => slots > 0)
}

/** The field that a function's guarantee comes from. */
export function wordOfGuarantee(limits: FunctionLimits): string {
  const { reservedConcurrency, guaranteedConcurrency = 0 } = limits
  if (reservedConcurrency !== undefined) return 'reservedConcurrency'
  return provisionedOf(limits) > guaranteedConcurrency
    ? 'provisionedConcurrency'
    : 'guaranteedConcurrency'
}

/** The provisioned concurrency of published versions and aliases, by qualifier. */
export function versionsOf({ versions = {} }: FunctionLimits): Shares {
  return Object.entries(versions).map(([name, each]) => [name, each.provisionedConcurrency])
}

export function sum(shares: Shares): number {
  return shares.reduce((total, [, slots]) => total + slots, 0)
}
