import type { LimitsConfig } from '../../model/limits.ts'
import { provisionedOf } from '../../model/arithmetic.ts'
import { doesNotFit, invalidParameter } from './errors.ts'
import { minUnreserved, unreservedOf } from './unreserved.ts'

/**
 * Checks that a function may have `total` environments kept warm, all its versions together. The
 * sums and sentences are AWS's (recorded 2025-11).
 * @throws {LambdaError}
 */
export function checkProvisioned(config: LimitsConfig, name: string, total: number): void {
  const limits = config.functions[name]
  const now = limits === undefined ? 0 : provisionedOf(limits)
  // One that got smaller fits wherever the larger one was let in.
  if (total <= now) return
  const reserved = limits?.reservedConcurrency
  if (reserved !== undefined) {
    if (total <= reserved) return
    throw invalidParameter(
      'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
    )
  }
  const unreserved = unreservedOf(config, name)
  if (total > unreserved) {
    throw doesNotFit(
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${unreserved}].`,
    )
  }
  const min = minUnreserved(config)
  if (unreserved - total >= min) return
  throw doesNotFit(
    `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${min}].`,
  )
}
