import { SpillwayError } from '../../lib/errors.ts'
import type { App } from '../../model/app.ts'
import type { LimitsConfig } from '../../model/limits.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import { bodyOf } from '../../lib/body.ts'
import type { AwsOptions } from '../options.ts'
import { reservedOf } from './account.ts'
import { invalidContent, invalidMember, invalidParameter, LambdaError } from './errors.ts'
import type { Call, Operation } from './operation.ts'
import { findFunction, namedBy } from './reference.ts'

/** AWS keeps this much of the account unreserved ("Understanding Lambda function scaling": at most the limit less 100 can be reserved). */
const MIN_UNRESERVED = 100

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

const BODY_BYTES_MAX = 64 * 1024
const BY = 'lambda-api'

async function putConcurrency(call: Call, options: AwsOptions): Promise<Answer> {
  const name = unqualified(call, options.app())
  const reserved = await readReserved(call)
  checkUnreserved(options.limits.current(), name, reserved)
  change(options, name, reserved)
  return jsonAnswer(200, { ReservedConcurrentExecutions: reserved })
}

function deleteConcurrency(call: Call, options: AwsOptions): Answer {
  change(options, unqualified(call, options.app()), null)
  return { status: 204 }
}

function getConcurrency(call: Call, { app, limits }: AwsOptions): Answer {
  const reserved = limits.current().functions[unqualified(call, app())]?.reservedConcurrency
  return jsonAnswer(200, reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved })
}

/** A reservation is a function's, not a version's. */
function unqualified(call: Call, app: App): string {
  if (namedBy(call, app).qualifier !== undefined) {
    throw invalidParameter(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    )
  }
  return findFunction(call, app, '$LATEST').fn.name
}

async function readReserved({ request }: Call): Promise<number> {
  const { bytes = '' } = await bodyOf(request, BODY_BYTES_MAX)
  const value = memberOf(bytes.toString(), 'ReservedConcurrentExecutions')
  const member = 'reservedConcurrentExecutions'
  if (value === undefined || value === null) {
    throw invalidMember(null, member, 'Member must not be null')
  }
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw invalidContent(`Could not parse request body into json: ${member} is not an integer`)
  }
  if (value < 0) {
    throw invalidMember(String(value), member, 'Member must have value greater than or equal to 0')
  }
  return value
}

function memberOf(text: string, key: string): unknown {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && Object.hasOwn(body, key)
      ? (body as Record<string, unknown>)[key]
      : undefined
  } catch (error) {
    throw invalidContent(`Could not parse request body into json: ${(error as Error).message}`)
  }
}

/**
 * AWS keeps 100 of the account for functions without a reservation. An account here may well be
 * smaller than that; then a tenth is kept, which comes to AWS's 100 at AWS's own 1000. It holds for
 * this API, which AWS's clients use; a manifest and the admin API may reserve all there is.
 */
function checkUnreserved(config: LimitsConfig, name: string, reserved: number): void {
  const max = config.account.maxConcurrency
  const kept = Math.min(MIN_UNRESERVED, Math.floor(max / 10))
  const others = reservedOf(config) - (config.functions[name]?.reservedConcurrency ?? 0)
  if (max - others - reserved >= kept) return
  throw refused(
    `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${kept}].`,
  )
}

function change({ limits }: AwsOptions, name: string, value: number | null): void {
  try {
    const field = 'reservedConcurrency'
    limits.change([{ scope: 'function', name, field, value }], BY)
  } catch (error) {
    if (SpillwayError.is(error) && error.code === 'SPILLWAY_LIMITS') throw refused(error.message)
    throw error
  }
}

/** Sums that do not fit come without `Type` (recorded 2025-11). */
function refused(message: string): LambdaError {
  return new LambdaError({ status: 400, code: 'InvalidParameterValueException', message })
}
