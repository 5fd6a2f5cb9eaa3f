import { SpillwayError } from '../../lib/errors.ts'
import { didYouMean } from '../../lib/suggest.ts'
import { isInForce, type LimitScope } from '../../model/in-force.ts'
import type { LimitsConfig } from '../../model/limits.ts'
import { splitVersion } from './change.ts'
import type { LimitChange } from './limits.ts'

/** Why a change means nothing in a configuration, or undefined where it does. */
export function whyNot(config: LimitsConfig, change: LimitChange): string | undefined {
  const { scope, name, field } = change
  const [owner = name] = scope === 'version' ? splitVersion(name) : [name]
  if (scope !== 'account' && !Object.hasOwn(ownersOf(config, scope), owner)) {
    return `there is no ${scope === 'version' ? 'function' : scope} "${owner}" any more`
  }
  return isInForce(config.mode, scope, field) ? undefined : `"mode: aws" has Lambda's limits alone`
}

function ownersOf(config: LimitsConfig, scope: Exclude<LimitScope, 'account'>): object {
  if (scope === 'group') return config.groups
  return scope === 'tag' ? (config.tags ?? {}) : config.functions
}

/** The functions' keys in their manifests by deployed name; made only where a name is none of those. */
export type Keys = () => ReadonlyMap<string, string>

/**
 * The changes with deployed names in place of manifest keys.
 * @throws {SpillwayError} SPILLWAY_LIMITS where no function, or more than one, has that name.
 */
export function resolveNames(
  config: LimitsConfig,
  changes: readonly LimitChange[],
  keys: Keys = () => new Map(),
): LimitChange[] {
  return changes.map((change) => {
    if (change.scope === 'function') {
      return { ...change, name: deployedName(config, change.name, keys) }
    }
    if (change.scope !== 'version') return change
    const [functionName, qualifier] = splitVersion(change.name)
    return { ...change, name: `${deployedName(config, functionName, keys)}:${qualifier}` }
  })
}

function deployedName({ functions }: LimitsConfig, name: string, keysOf: Keys): string {
  if (Object.hasOwn(functions, name)) return name
  const keys = keysOf()
  const named = [...keys].filter(([, key]) => key === name).map(([deployed]) => deployed)
  const [first, ...others] = named
  if (first !== undefined && others.length === 0) return first
  const message =
    first === undefined
      ? `no function is named "${name}"${didYouMean(name, [...keys.values(), ...Object.keys(functions)])}`
      : `more than one function has the key "${name}": ${named.join(', ')}; use that name`
  throw new SpillwayError('SPILLWAY_LIMITS', message)
}
