import * as fc from 'fast-check'
import type {
  FunctionLimits,
  GroupLimits,
  Headroom,
  LimitsConfig,
  Priority,
} from '../../src/model/limits.ts'

const GROUPS = ['g', 'h']
const TAGS = ['db', 'slow', 'team.x']
const FUNCTIONS = ['a', 'b', 'c', 'd']

const slots = fc.nat({ max: 12 })
const priority = fc.constantFrom<Priority>('interactive', 'async', 'batch')
const headroom = fc.dictionary(priority, fc.nat({ max: 6 }), {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
  size: 'max',
}) as fc.Arbitrary<Headroom>

const shared = {
  maxConcurrency: slots,
  guaranteedConcurrency: slots,
  lend: fc.nat({ max: 6 }),
  weight: fc.integer({ min: 1, max: 4 }),
  headroom,
  priority,
  maxWaitMs: fc.nat({ max: 5000 }),
}
const group = fc.record(shared, {
  requiredKeys: [],
  noNullPrototype: true,
}) as fc.Arbitrary<GroupLimits>

const fn = fc.record(
  {
    ...shared,
    group: fc.constantFrom(...GROUPS),
    reservedConcurrency: slots,
    provisionedConcurrency: slots,
    tags: fc.subarray(TAGS, { minLength: 1 }),
    versions: fc.dictionary(
      fc.constantFrom('1', 'live'),
      fc.record(
        { provisionedConcurrency: fc.integer({ min: 1, max: 5 }) },
        { noNullPrototype: true },
      ),
      { minKeys: 1, maxKeys: 2, noNullPrototype: true, size: 'max' },
    ),
  },
  { requiredKeys: ['group'], noNullPrototype: true },
) as fc.Arbitrary<FunctionLimits>

function allOf<T>(names: readonly string[], one: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  const byName = Object.fromEntries(names.map((name) => [name, one]))
  return fc.record(byName, { noNullPrototype: true }) as fc.Arbitrary<Record<string, T>>
}

/** Any configuration, whether its sums fit or not, with every word there is. */
export const configs = fc.record(
  {
    mode: fc.constantFrom('spillway', 'aws'),
    account: fc.record(
      { maxConcurrency: fc.nat({ max: 60 }), headroom },
      { requiredKeys: ['maxConcurrency'], noNullPrototype: true },
    ),
    groups: allOf(GROUPS, group),
    tags: allOf(TAGS, fc.record({ maxConcurrency: slots }, { noNullPrototype: true })),
    functions: allOf(FUNCTIONS, fn),
  },
  { requiredKeys: ['account', 'groups', 'tags', 'functions'], noNullPrototype: true },
) as fc.Arbitrary<LimitsConfig>

/** Configurations whose sums fit: ceilings are raised to what is promised below them. */
export const feasibleConfigs = configs.map(
  ({ account, groups, functions, ...rest }): LimitsConfig => {
    const fns = mapValues(functions, (each) => {
      const { provisionedConcurrency = 0, versions = {} } = each
      const warm = Object.values(versions).reduce(
        (sum, version) => sum + version.provisionedConcurrency,
        provisionedConcurrency,
      )
      const { reservedConcurrency: reserved, guaranteedConcurrency = 0 } = each
      const lifted = reserved === undefined ? {} : { reservedConcurrency: Math.max(reserved, warm) }
      const own = lifted.reservedConcurrency ?? Math.max(guaranteedConcurrency, warm)
      return { ...raise({ ...each, ...lifted }, own, own), ...lifted }
    })
    const raised = mapValues(groups, (each) => raise(each, 100, each.guaranteedConcurrency ?? 0))
    const { headroom: own, ...max } = account
    const accountLimits = { ...max, maxConcurrency: max.maxConcurrency + 200 }
    return {
      ...rest,
      account: own === undefined ? accountLimits : { ...accountLimits, headroom: own },
      groups: raised,
      functions: fns,
    }
  },
)

function raise<T extends GroupLimits>(limits: T, floor: number, guarantee: number): T {
  const { headroom: own, lend, maxConcurrency, ...rest } = limits
  return {
    ...rest,
    ...(lend === undefined ? {} : { lend: Math.min(lend, guarantee) }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency: maxConcurrency + floor }),
    ...(own === undefined || maxConcurrency === undefined || 'reservedConcurrency' in limits
      ? {}
      : { headroom: mapValues(own, (each) => Math.min(each, Math.max(0, maxConcurrency - 1))) }),
  } as unknown as T
}

function mapValues<T, U>(all: Readonly<Record<string, T>>, to: (each: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(all).map(([key, each]) => [key, to(each)]))
}
