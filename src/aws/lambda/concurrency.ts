import type { FunctionLimits, LimitsConfig } from '../../model/limits.ts'
import { provisionedOf } from '../../model/arithmetic.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import { changeLimits } from './change.ts'
import { doesNotFit, invalidParameter } from './errors.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { findFunction, namedBy } from './reference.ts'
import { LATEST } from './registry.ts'
import { membersOf, requiredCount } from './request-body.ts'
import { minUnreserved, unreservedOf } from './unreserved.ts'

/** Put and Delete are of another year than Get; that is AWS's doing. */
const CHANGE_PATH = '/2017-10-31/functions/{FunctionName}/concurrency'

export const concurrencyOperations: readonly Operation[] = [
  { name: 'PutFunctionConcurrency', method: 'PUT', path: CHANGE_PATH, run: putConcurrency },
  {
    name: 'DeleteFunctionConcurrency',
    method: 'DELETE',
    path: CHANGE_PATH,
    run: deleteConcurrency,
  },
  {
    name: 'GetFunctionConcurrency',
    method: 'GET',
    path: '/2019-09-30/functions/{FunctionName}/concurrency',
    run: getConcurrency,
  },
]

/** A function's `Concurrency`, as operations show it; empty where nothing is reserved. */
export function reservedMember(limits: FunctionLimits | undefined): Record<string, number> {
  const reserved = limits?.reservedConcurrency
  return reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved }
}

async function putConcurrency(call: Call, context: LambdaContext): Promise<Answer> {
  const name = unqualified(call, context, LATEST)
  const members = await membersOf(call)
  const reserved = requiredCount(members, 'ReservedConcurrentExecutions', { min: 0 })
  checkReserved(context.limits.current(), name, reserved)
  change(context, name, reserved)
  return jsonAnswer(200, { ReservedConcurrentExecutions: reserved })
}

function deleteConcurrency(call: Call, context: LambdaContext): Answer {
  change(context, unqualified(call, context, LATEST), null)
  return { status: 204 }
}

function getConcurrency(call: Call, context: LambdaContext): Answer {
  const name = unqualified(call, context)
  return jsonAnswer(200, reservedMember(context.limits.current().functions[name]))
}

/**
 * A reservation is a function's, not a version's.
 * @param assumed as in `findFunction`: Put names `$LATEST`, Get nothing (recorded 2025-11).
 */
function unqualified(call: Call, context: LambdaContext, assumed?: typeof LATEST): string {
  if (namedBy(call, context.app()).qualifier !== undefined) {
    throw invalidParameter(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    )
  }
  return findFunction(call, context, assumed).fn.name
}

/** AWS's two sums, in its words: the blanks of the first are its own. */
function checkReserved(config: LimitsConfig, name: string, reserved: number): void {
  const limits = config.functions[name]
  const provisioned = limits === undefined ? 0 : provisionedOf(limits)
  if (reserved < provisioned) {
    throw doesNotFit(
      ` ReservedConcurrentExecutions  ${reserved} should not be lower than function's total provisioned concurrency [${provisioned}].`,
    )
  }
  const min = minUnreserved(config)
  if (unreservedOf(config, name) - reserved >= min) return
  throw doesNotFit(
    `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${min}].`,
  )
}

function change(context: LambdaContext, name: string, value: number | null): void {
  changeLimits(context, [{ scope: 'function', name, field: 'reservedConcurrency', value }])
}
