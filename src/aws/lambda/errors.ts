import type { ThrottleReason } from '../../invoke/throttle.ts'
import { jsonAnswer, type Answer } from '../answer.ts'

/** An error of the Lambda API, as its clients know it. */
export interface Failure {
  readonly status: number
  /** `ResourceNotFoundException`: what SDKs call the error. */
  readonly code: string
  readonly message: string
  /** Whose fault it is; some errors do not say. */
  readonly type?: 'User' | 'Service'
  /** Of a throttle. */
  readonly reason?: ThrottleReason
}

/** Thrown inside an operation, answered by the API. */
export class LambdaError extends Error {
  override readonly name = 'LambdaError'
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

/** Shapes whose model member is `Message`; everywhere else it is `message`. */
const CAPITAL_MESSAGE = new Set(['ResourceNotFoundException', 'ServiceException'])

/**
 * The name goes into the header, where SDKs look first, and the rest into the body, in AWS's own
 * spelling (recordings of 2025-11).
 */
export function errorAnswer({ status, code, message, type, reason }: Failure): Answer {
  const answer = jsonAnswer(status, {
    ...(reason === undefined ? {} : { Reason: reason }),
    ...(type === undefined ? {} : { Type: type }),
    [CAPITAL_MESSAGE.has(code) ? 'Message' : 'message']: message,
  })
  return { ...answer, headers: { 'x-amzn-ErrorType': code } }
}

/** `arn` as the operation names it: with `:$LATEST`, another qualifier, or none. */
export function functionNotFound(arn: string): LambdaError {
  return notFound(`Function not found: ${arn}`)
}

/** `arn` with the alias. */
export function aliasNotFound(arn: string): LambdaError {
  return notFound(`Cannot find alias arn: ${arn}`)
}

export function otherRegion(asked: string, ours: string): LambdaError {
  return notFound(`Functions from '${asked}' are not reachable in this region ('${ours}')`)
}

export function notFound(message: string): LambdaError {
  return new LambdaError({
    status: 404,
    code: 'ResourceNotFoundException',
    message,
    type: 'User',
  })
}

/** A parameter that is well formed and wrong. */
export function invalidParameter(message: string): LambdaError {
  return new LambdaError({
    status: 400,
    code: 'InvalidParameterValueException',
    message,
    type: 'User',
  })
}

/** The sum of what is promised does not fit. Without `Type` (recorded 2025-11). */
export function doesNotFit(message: string): LambdaError {
  return new LambdaError({ status: 400, code: 'InvalidParameterValueException', message })
}

export function conflict(message: string): LambdaError {
  return new LambdaError({
    status: 409,
    code: 'ResourceConflictException',
    message,
    type: 'User',
  })
}

/** Somebody else was faster. */
export function staleRevision(): LambdaError {
  return new LambdaError({
    status: 412,
    code: 'PreconditionFailedException',
    message:
      'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    type: 'User',
  })
}

export function noProvisionedConfig(): LambdaError {
  return new LambdaError({
    status: 404,
    code: 'ProvisionedConcurrencyConfigNotFoundException',
    message: 'No Provisioned Concurrency Config found for this function',
    type: 'User',
  })
}

/** A parameter against its constraint. AWS's validation gives no `Type`. */
export function invalidMember(value: string | null, member: string, rule: string): LambdaError {
  const shown = value === null ? 'null' : `'${value}'`
  return new LambdaError({
    status: 400,
    code: 'ValidationException',
    message: `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: ${rule}`,
  })
}

export function invalidContent(message: string): LambdaError {
  return new LambdaError({
    status: 400,
    code: 'InvalidRequestContentException',
    message,
    type: 'User',
  })
}

export function tooLarge(length: number, invocationType: string, lengthMax: number): LambdaError {
  const message = `${length} byte payload is too large for the ${invocationType} invocation type (limit ${lengthMax} bytes)`
  return new LambdaError({ status: 413, code: 'RequestEntityTooLargeException', message })
}

export function requestTooLarge(lengthMax: number): LambdaError {
  const message = `Request must be smaller than ${lengthMax} bytes`
  return new LambdaError({ status: 413, code: 'RequestEntityTooLargeException', message })
}

/**
 * Ours. A 5xx of this API always means that the handler did not start: SDKs send such requests again
 * by themselves.
 */
export function serviceFailure(message: string): Failure {
  return { status: 500, code: 'ServiceException', message, type: 'Service' }
}

export function internalError(): Failure {
  return serviceFailure('Spillway met an error of its own while it answered this request')
}

/** 501 and not 404, which clients would read as "this function does not exist". */
export function operationNotServed(method: string, path: string): LambdaError {
  const message = `${method} ${path} is not an operation of the Lambda API that Spillway serves yet`
  return new LambdaError({ status: 501, code: 'UnknownOperationException', message, type: 'User' })
}

export function foreignCaller(): Failure {
  const message =
    'This endpoint answers programs on this machine, under the names localhost, 127.0.0.1 and [::1], and no web page'
  return { status: 403, code: 'AccessDeniedException', message, type: 'User' }
}
