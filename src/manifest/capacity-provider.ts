import type { FunctionDefinition } from '../model/app.ts'
import { ENVIRONMENT_CONCURRENCY_MAX, type Written } from './limit-words.ts'
import {
  child,
  exactText,
  expected,
  ifKnown,
  wholeNumber,
  type Range,
  type Reading,
} from './read.ts'
import type { Node } from './tree.ts'

/** `maxConcurrency`, of one environment (AWS: PerExecutionEnvironmentMaxConcurrency). */
const PER_ENVIRONMENT = { min: 1, max: ENVIRONMENT_CONCURRENCY_MAX }
/** `scaling.min` and `max` (AWS: FunctionScalingConfig, in environments). */
const ENVIRONMENTS = { min: 0, max: 15_000 }

/** What one vCPU takes at once where nothing is written (awsdocs, "Lambda Managed Instances runtimes"). */
const DEFAULT_PER_VCPU: readonly (readonly [runtime: RegExp, concurrency: number])[] = [
  [/^nodejs/, 64],
  [/^java/, 32],
  [/^dotnet/, 32],
  [/^python/, 16],
]
const DEFAULT_GIB_PER_VCPU = 2

/**
 * The limits of a function on Lambda Managed Instances, in Serverless 4's words (serverless.com, "AWS
 * Lambda Managed Instances"): at most `scaling.max` environments of `maxConcurrency` each, and
 * `scaling.min` kept warm. Where it is written how many one takes at once, it takes so many here too. `capacityProvider: name` alone says nothing about either.
 */
export function readCapacityProvider(
  reading: Reading,
  node: Node,
  { key, runtime, memoryMb }: FunctionDefinition,
): Written[] {
  const what = `the capacityProvider of ${key}`
  const provider = ifKnown(reading, child(reading, node, 'capacityProvider'), what)
  // A name, or CloudFormation's own way to one.
  if (provider === undefined || provider.kind === 'scalar') return []
  if (provider.kind !== 'map') return expected(reading, provider, `${what} to be a map`) ?? []

  const number = (word: readonly string[], range: Range): number | undefined => {
    const label = `capacityProvider.${word.join('.')}`
    const given = ifKnown(reading, child(reading, provider, ...word), label)
    return wholeNumber(reading, given, label, range)
  }
  const min = number(['scaling', 'min'], ENVIRONMENTS)
  const max = number(['scaling', 'max'], ENVIRONMENTS)
  const written =
    number(['maxConcurrency'], PER_ENVIRONMENT) ??
    number(['perExecutionEnvironmentMaxConcurrency'], PER_ENVIRONMENT)
  const perEnvironment =
    written ?? defaultConcurrency(runtime, memoryMb, gibPerVcpu(reading, provider))
  const { place } = child(reading, provider, 'scaling') ?? provider
  const maxConcurrency = product(max, perEnvironment)
  if (max !== undefined && maxConcurrency === undefined) {
    reading.report.note(
      place,
      `${key}: scaling.max is not used: nobody knows how many invocations an environment of ${runtime} takes; write capacityProvider.maxConcurrency`,
    )
  }
  return [
    ...writtenAs('environmentConcurrency', written, provider.place),
    ...writtenAs('provisionedConcurrency', min, place),
    ...writtenAs('maxConcurrency', maxConcurrency, place),
  ]
}

/** None of whatever number is none. */
function product(environments: number | undefined, each: number | undefined): number | undefined {
  if (environments === 0) return 0
  return environments === undefined || each === undefined ? undefined : environments * each
}

function writtenAs(field: string, value: number | undefined, place: Node['place']): Written[] {
  return value === undefined ? [] : [{ field, value, place }]
}

function gibPerVcpu(reading: Reading, provider: Node): number {
  const written = exactText(reading, child(reading, provider, 'memoryPerVCpu'), 'memoryPerVCpu')
  const gib = Number(written)
  return gib > 0 ? gib : DEFAULT_GIB_PER_VCPU
}

function defaultConcurrency(
  runtime: string,
  memoryMb: number,
  gibEach: number,
): number | undefined {
  const [, perVcpu] = DEFAULT_PER_VCPU.find(([pattern]) => pattern.test(runtime)) ?? []
  const vcpus = Math.max(1, Math.floor(memoryMb / 1024 / gibEach))
  return perVcpu === undefined ? undefined : perVcpu * vcpus
}
