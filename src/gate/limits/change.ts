import { SpillwayError } from '../../lib/errors.ts'
import { didYouMean } from '../../lib/suggest.ts'
import { isInForce, type LimitScope } from '../../model/in-force.ts'
import type { Headroom, LimitsConfig, Priority } from '../../model/limits.ts'
import { nameOfLimit, wordOf } from './limit-words.ts'
import { checkLimits, LIMIT_FIELDS, type LimitChange, type LimitField } from './limits.ts'

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
  checkChange(config, change)
  switch (scope) {
    case 'account':
      return { ...config, account: withField(config.account, field, value) }
    case 'group': {
      const next = withField(known(config.groups, name, scope), field, value)
      return { ...config, groups: { ...config.groups, [name]: next } }
    }
    case 'tag': {
      const next = withField(known(config.tags ?? {}, name, scope), field, value)
      return { ...config, tags: { ...config.tags, [name]: next } }
    }
    case 'function': {
      const next = withField(known(config.functions, name, scope), field, value)
      return { ...config, functions: { ...config.functions, [name]: next } }
    }
    case 'version':
      return withVersion(config, name, value)
  }
}

/** These stand for nothing where they are 0. */
const AT_LEAST_1: readonly string[] = ['weight', 'version provisionedConcurrency']

function checkChange({ mode }: LimitsConfig, change: LimitChange): void {
  const { scope, field, value } = change
  const fields = LIMIT_FIELDS[scope]
  if (!fields.includes(field)) {
    const words = fields.map(wordOf).join(', ')
    throw wrong(`${nameOfLimit(change)}: a limit of ${nounOf(scope)} is one of ${words}`)
  }
  if (!isInForce(mode, scope, field)) {
    throw wrong(
      `${nameOfLimit(change)}: would not be in force, "mode: aws" has Lambda's limits alone`,
    )
  }
  if (value === null) {
    if ((scope === 'account' || scope === 'tag') && field === 'maxConcurrency') {
      throw wrong(`${nameOfLimit(change)}: ${nounOf(scope)} has to have one; raise it instead`)
    }
    return
  }
  const min = AT_LEAST_1.some((each) => each === field || each === `${scope} ${field}`) ? 1 : 0
  if (!(Number.isSafeInteger(value) && value >= min)) {
    throw wrong(`${nameOfLimit(change)}: expected a whole number of at least ${min}, got: ${value}`)
  }
}

function nounOf(scope: LimitScope): string {
  return scope === 'account' ? 'the account' : `a ${scope}`
}

/** Headroom is by priority: `headroom.batch`. The last one that goes takes the empty map along. */
function withField<T extends object>(limits: T, field: LimitField, value: number | null): T {
  const [word = '', priority] = field.split('.')
  const { [word]: old, ...rest } = limits as T & Record<string, unknown>
  if (priority === undefined) return (value === null ? rest : { ...rest, [word]: value }) as T
  const { [priority as Priority]: _, ...others } = (old ?? {}) as Headroom
  const headroom = value === null ? others : { ...others, [priority]: value }
  return (Object.keys(headroom).length === 0 ? rest : { ...rest, headroom }) as T
}

function withVersion(config: LimitsConfig, name: string, value: number | null): LimitsConfig {
  const [functionName, qualifier] = splitVersion(name)
  if (qualifier === '') throw wrong(`expected a function and its qualifier, got: "${name}"`)
  const { versions = {}, ...limits } = known(config.functions, functionName, 'function')
  const { [qualifier]: _, ...others } = versions
  const next =
    value === null ? others : { ...others, [qualifier]: { provisionedConcurrency: value } }
  const fn = { ...limits, ...(Object.keys(next).length === 0 ? {} : { versions: next }) }
  return { ...config, functions: { ...config.functions, [functionName]: fn } }
}

/** `report:live` as the function and its qualifier. */
export function splitVersion(name: string): [functionName: string, qualifier: string] {
  const at = name.indexOf(':')
  return at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)]
}

function known<T>(limits: Readonly<Record<string, T>>, name: string, scope: string): T {
  const found = Object.hasOwn(limits, name) ? limits[name] : undefined
  if (found !== undefined) return found
  throw wrong(`no ${scope} is named "${name}"${didYouMean(name, Object.keys(limits))}`)
}

/** What a limit is in a configuration; null where it is not set, or whose it is is not there. */
export function valueOf(config: LimitsConfig, limit: Omit<LimitChange, 'value'>): number | null {
  const { scope, name, field } = limit
  if (scope === 'version') {
    const [functionName, qualifier] = splitVersion(name)
    return config.functions[functionName]?.versions?.[qualifier]?.provisionedConcurrency ?? null
  }
  const owners = { account: { '': config.account }, group: config.groups, tag: config.tags ?? {} }
  const byName: Readonly<Record<string, object>> =
    scope === 'function' ? config.functions : owners[scope]
  let at: unknown = Object.hasOwn(byName, name) ? byName[name] : undefined
  for (const step of field.split('.')) at = (at as Record<string, unknown> | undefined)?.[step]
  return typeof at === 'number' ? at : null
}

function wrong(message: string): SpillwayError {
  return new SpillwayError('SPILLWAY_LIMITS', message)
}
