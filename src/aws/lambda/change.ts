import { SpillwayError } from '../../lib/errors.ts'
import type { LimitChange } from '../../gate/limits/limits.ts'
import { doesNotFit } from './errors.ts'
import type { LambdaContext } from './operation.ts'

const BY = 'lambda-api'

/**
 * Changes limits, all or none.
 * @throws {LambdaError} with our own sentence, where another limit stands against it.
 */
export function changeLimits(
  { limits }: Pick<LambdaContext, 'limits'>,
  changes: readonly LimitChange[],
): void {
  try {
    limits.change(changes, BY)
  } catch (error) {
    if (SpillwayError.is(error) && error.code === 'SPILLWAY_LIMITS') throw doesNotFit(error.message)
    throw error
  }
}
