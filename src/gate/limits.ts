import { didYouMean } from '../lib/suggest.ts'
import { SpillwayError } from '../lib/errors.ts'
import type { FunctionLimits, LimitsConfig } from '../model/limits.ts'

/** One live change of a limit: `account=200`, `group:etl.guaranteedConcurrency=20`, `fn:report=5`. */
export interface LimitChange {
  readonly scope: 'account' | 'group' | 'tag' | 'function' | 'version'
  /** Group, tag or deployed function name; `function:qualifier`; empty for the account. */
  readonly name: string
  readonly field: LimitField
  /** A count, a weight, or milliseconds; null takes the limit away. */
  readonly value: number | null
}

/** The limits that can be changed while running. */
export type LimitField =
  | 'maxConcurrency'
  | 'guaranteedConcurrency'
  | 'reservedConcurrency'
  | 'provisionedConcurrency'
  | 'lend'
  | 'weight'
  | 'maxWaitMs'
  | 'headroom.interactive'
  | 'headroom.async'
  | 'headroom.batch'

/** Who can change limits live, and see them. The admin API, the CLI and the Lambda API use it. */
export interface LimitsControl {
  current(): LimitsConfig
  /**
   * Checks all changes, then makes them at once, or none.
   * @throws {SpillwayError} SPILLWAY_LIMITS with the sum that does not fit, in words.
   */
  change(changes: readonly LimitChange[], by: string): LimitsConfig
}

/**
 * The configuration with the changes made.
 * @throws {SpillwayError} SPILLWAY_LIMITS for an unknown name, or where the sums do not fit.
 */
export function applyChanges(config: LimitsConfig, changes: readonly LimitChange[]): LimitsConfig {
  const next = changes.reduce(applyChange, config)
  checkLimits(next)
  return next
}

function applyChange(config: LimitsConfig, change: LimitChange): LimitsConfig {
  const { scope, name, field, value } = change
  if (value !== null && !(Number.isSafeInteger(value) && value >= 0)) {
    throw wrong(`${describe(change)}: expected a whole number of at least 0, got: ${value}`)
  }
  switch (scope) {
    case 'account':
      if (field !== 'maxConcurrency' || value === null) {
        throw wrong(`the account has a maxConcurrency and nothing else; it cannot be taken away`)
      }
      return { ...config, account: { ...config.account, maxConcurrency: value } }
    case 'group': {
      const group = known(config.groups, name, 'group')
      if (field === 'reservedConcurrency') {
        throw wrong(
          `group ${name}: reservedConcurrency is for functions; use guaranteedConcurrency`,
        )
      }
      return { ...config, groups: { ...config.groups, [name]: withField(group, field, value) } }
    }
    case 'version':
      return withVersion(config, change)
    case 'tag':
      throw wrong(`${describe(change)}: cannot be changed yet`)
    case 'function': {
      const limits = known(config.functions, name, 'function')
      const next = withField(limits, field, value)
      return { ...config, functions: { ...config.functions, [name]: next } }
    }
  }
}

function withVersion(config: LimitsConfig, { name, field, value }: LimitChange): LimitsConfig {
  const [functionName = '', qualifier = ''] = name.split(':')
  if (field !== 'provisionedConcurrency') {
    throw wrong(`version ${name}: a version has a provisionedConcurrency and nothing else`)
  }
  const limits = known(config.functions, functionName, 'function')
  const { [qualifier]: _, ...others } = limits.versions ?? {}
  const versions =
    value === null ? others : { ...others, [qualifier]: { provisionedConcurrency: value } }
  return { ...config, functions: { ...config.functions, [functionName]: { ...limits, versions } } }
}

function withField<T extends object>(limits: T, field: LimitField, value: number | null): T {
  const { [field]: _, ...rest } = limits as T & Partial<Record<LimitField, number>>
  return (value === null ? rest : { ...rest, [field]: value }) as T
}

function known<T>(limits: Readonly<Record<string, T>>, name: string, scope: string): T {
  const found = Object.hasOwn(limits, name) ? limits[name] : undefined
  if (found !== undefined) return found
  throw wrong(`no ${scope} is named "${name}"${didYouMean(name, Object.keys(limits))}`)
}

/** What a function can always have, whatever others do. */
export function guaranteeOf(limits: FunctionLimits): number {
  return limits.reservedConcurrency ?? limits.guaranteedConcurrency ?? 0
}

/** The function's own ceiling. */
export function ceilingOf(limits: FunctionLimits): number {
  return Math.min(limits.maxConcurrency ?? Infinity, limits.reservedConcurrency ?? Infinity)
}

/**
 * Checks that every guarantee can be kept: none above its own ceiling, and no sum above its parent's.
 * @throws {SpillwayError} SPILLWAY_LIMITS with the sum that does not fit.
 */
export function checkLimits(config: LimitsConfig): void {
  const promisedByGroup = new Map<string, number>()
  for (const [name, limits] of Object.entries(config.functions)) {
    checkOwn(`function ${name}`, guaranteeOf(limits), ceilingOf(limits))
    const sum = (promisedByGroup.get(limits.group) ?? 0) + guaranteeOf(limits)
    promisedByGroup.set(limits.group, sum)
  }
  let promised = 0
  for (const name of new Set([...promisedByGroup.keys(), ...Object.keys(config.groups)])) {
    const group = config.groups[name] ?? {}
    const max = group.maxConcurrency ?? Infinity
    const inside = promisedByGroup.get(name) ?? 0
    checkOwn(`group ${name}`, group.guaranteedConcurrency ?? 0, max)
    if (inside > max) {
      throw wrong(
        `group ${name}: its functions are guaranteed ${inside} together, its maxConcurrency is ${max}`,
      )
    }
    promised += Math.max(inside, group.guaranteedConcurrency ?? 0)
  }
  const max = config.account.maxConcurrency
  if (promised > max) {
    throw wrong(`account: ${promised} are guaranteed together, its maxConcurrency is ${max}`)
  }
}

function checkOwn(who: string, guaranteed: number, max: number): void {
  if (guaranteed > max) {
    throw wrong(`${who}: guaranteedConcurrency ${guaranteed} is above its maxConcurrency ${max}`)
  }
}

/** `group:etl.guaranteedConcurrency`: a limit as the CLI names it. */
export function describe({ scope, name, field }: Omit<LimitChange, 'value'>): string {
  const owner = scope === 'account' ? 'account' : `${scope === 'function' ? 'fn' : scope}:${name}`
  return field === 'maxConcurrency' ? owner : `${owner}.${field}`
}

function wrong(message: string): SpillwayError {
  return new SpillwayError('SPILLWAY_LIMITS', message)
}
