import type { FunctionLimits, LimitsConfig } from './limits.ts'

/** Whose limit it is, as in `LimitsConfig`; a version is one qualifier of a function. */
export type LimitScope = 'account' | 'group' | 'tag' | 'function' | 'version'

/** What Lambda itself limits; in `mode: aws` nothing else holds (awsdocs, "Understanding Lambda function scaling"). */
const LAMBDAS: Readonly<Record<LimitScope, readonly string[]>> = {
  account: ['maxConcurrency'],
  group: [],
  tag: [],
  function: ['reservedConcurrency', 'provisionedConcurrency'],
  version: ['provisionedConcurrency'],
}

/** Whether a field of a scope holds in a mode. `field` is as users write it: `headroom.batch`. */
export function isInForce(mode: LimitsConfig['mode'], scope: LimitScope, field: string): boolean {
  return mode !== 'aws' || LAMBDAS[scope].includes(field)
}

/** The configuration without what its mode does not know: in `mode: aws` all that Lambda has not. */
export function inForce(config: LimitsConfig): LimitsConfig {
  if (config.mode !== 'aws') return config
  const groups = Object.keys(config.groups).map((name) => [name, {}])
  const functions = Object.entries(config.functions).map(([name, each]) => [name, lambdasOf(each)])
  return {
    mode: config.mode,
    account: { maxConcurrency: config.account.maxConcurrency },
    groups: Object.fromEntries(groups) as LimitsConfig['groups'],
    functions: Object.fromEntries(functions) as LimitsConfig['functions'],
  }
}

function lambdasOf(limits: FunctionLimits): FunctionLimits {
  const { group, reservedConcurrency, provisionedConcurrency, sources, versions } = limits
  return {
    group,
    ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
    ...(provisionedConcurrency === undefined ? {} : { provisionedConcurrency }),
    ...(sources === undefined ? {} : { sources }),
    ...(versions === undefined ? {} : { versions }),
  }
}
