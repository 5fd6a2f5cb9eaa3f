import type { FunctionLimits, LimitsConfig } from '../../model/limits.ts'
import { provisionedOf } from '../../model/arithmetic.ts'

/** AWS keeps this much of the account unreserved ("Understanding Lambda function scaling": at most the limit less 100 can be reserved). */
const MIN_UNRESERVED = 100

/**
 * What must stay unreserved. AWS keeps 100 of the account for functions without a reservation. An
 * account here may well be smaller than that; then a tenth is kept, which comes to AWS's 100 at AWS's
 * own 1000. It holds for this API, which AWS's clients use; a manifest and the admin API may reserve
 * all there is.
 */
export function minUnreserved({ account }: LimitsConfig): number {
  return Math.min(MIN_UNRESERVED, Math.floor(account.maxConcurrency / 10))
}

/** What is left of the account for everyone; `without` does as if that function had nothing. */
export function unreservedOf(config: LimitsConfig, without?: string): number {
  return Object.entries(config.functions).reduce(
    (left, [name, limits]) => (name === without ? left : left - takenBy(limits)),
    config.account.maxConcurrency,
  )
}

/** What is provisioned lies inside a reservation where there is one. */
function takenBy(limits: FunctionLimits): number {
  return limits.reservedConcurrency ?? provisionedOf(limits)
}
