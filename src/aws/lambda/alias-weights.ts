import { doesNotFit, invalidMember, invalidParameter } from './errors.ts'
import { isNumber, LATEST, type Alias } from './registry.ts'
import { optionalObject, type Members } from './request-body.ts'

const MEMBER = 'routingConfig.additionalVersionWeights'
const KEY_RULE =
  'Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]'
const VALUE_RULE =
  'Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]'

/**
 * Reads `RoutingConfig`; undefined where it was not given.
 * @throws {LambdaError} in AWS's words (recorded 2025-11).
 */
export function readWeights(members: Members): Alias['weights'] | undefined {
  const routing = optionalObject(members, 'RoutingConfig')
  if (routing === undefined) return undefined
  const weights = optionalObject(routing, 'AdditionalVersionWeights') ?? {}
  for (const [version, weight] of Object.entries(weights)) {
    if (!isNumber(version)) throw invalidMember(show(weights), MEMBER, KEY_RULE)
    if (typeof weight !== 'number' || !(weight >= 0 && weight <= 1)) {
      throw invalidMember(show(weights), MEMBER, VALUE_RULE)
    }
  }
  return weights as Alias['weights']
}

/**
 * Checks that weights go with the alias' own version.
 * @throws {LambdaError} in AWS's words (recorded 2025-11).
 */
export function checkWeights(version: string, weights: Alias['weights']): void {
  const others = Object.keys(weights)
  if (others.length > 1) {
    throw invalidParameter('Number of items in AdditionalVersionWeights cannot be greater than 1')
  }
  if (others.length > 0 && version === LATEST) {
    throw doesNotFit('$LATEST is not supported for an alias pointing to more than 1 version')
  }
  if (others.includes(version)) {
    throw invalidParameter(
      `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`,
    )
  }
}

/**
 * The version that one invocation through an alias gets.
 * @param random at least 0 and less than 1.
 */
export function versionFor({ version, weights }: Alias, random: number): string {
  for (const [other, weight] of Object.entries(weights)) if (random < weight) return other
  return version
}

/** `{2=2.0}`: a map as Java shows it. */
function show(weights: Members): string {
  const entries = Object.entries(weights).map(
    ([version, weight]) =>
      `${version}=${Number.isInteger(weight) ? `${String(weight)}.0` : String(weight)}`,
  )
  return `{${entries.join(', ')}}`
}
