import type { Blocked } from '../../gate/refusal.ts'
import { outcomeHeaders } from '../../invoke/headers.ts'
import type { Outcome } from '../../invoke/invocation.ts'
import type { Answer } from '../answer.ts'
import { retryAfterS, throttleReason } from '../../invoke/throttle.ts'
import { errorAnswer, serviceFailure, type Failure } from './errors.ts'

/**
 * How the Invoke API says how an invocation ended. Whatever happened once the handler had begun is a
 * 200 with `X-Amz-Function-Error`, an environment taken away included: SDKs send anything above 499
 * again by themselves, and the function would run twice.
 * @param version `$LATEST` or a version's number: what was executed.
 */
export function toAnswer(outcome: Outcome, version: string): Answer {
  switch (outcome.status) {
    case 'ok':
      return ran(outcome, version, jsonOf(outcome.result))
    case 'function_error':
    case 'timeout':
    case 'interrupted':
      return failed(outcome, version, outcome.error.json)
    case 'malformed':
      return failed(outcome, version, malformedResult(outcome.reason))
    case 'throttled': {
      const headers = { 'Retry-After': String(retryAfterS(outcome.blocked)), ...facts(outcome) }
      return withHeaders(errorAnswer(throttle(outcome.blocked)), headers)
    }
    case 'platform_error':
      return ours(outcome, outcome.message)
    case 'cancelled':
      // Only for the caller who left; there is nobody to read it.
      return errorAnswer(serviceFailure('the caller left while its invocation waited'))
  }
}

/** While the node stops, another one can do it: SDKs send a 503 again by themselves. */
function ours(outcome: Outcome, message: string): Answer {
  const failure = serviceFailure(message)
  if (outcome.failure?.reason !== 'draining') {
    return withHeaders(errorAnswer(failure), facts(outcome))
  }
  const headers = { 'Retry-After': '1', Connection: 'close', ...facts(outcome) }
  return withHeaders(errorAnswer({ ...failure, status: 503 }), headers)
}

/** For what was not even asked whether it may run. */
export function draining(): Answer {
  const failure = serviceFailure('this node is stopping; send it to another')
  const headers = { 'Retry-After': '1', Connection: 'close', 'x-spillway-handler-started': '0' }
  return withHeaders(errorAnswer({ ...failure, status: 503 }), headers)
}

/** The error JSON for what its front end calls malformed. */
export function malformedResult(reason: string): string {
  const errorType = 'Runtime.MalformedHandlerResponse'
  return JSON.stringify({ errorType, errorMessage: reason })
}

function ran(outcome: Outcome, version: string, body: string | Uint8Array): Answer {
  const { logTail } = outcome
  return {
    status: 200,
    headers: {
      'X-Amz-Executed-Version': version,
      ...(logTail === undefined
        ? {}
        : { 'X-Amz-Log-Result': Buffer.from(logTail).toString('base64') }),
      ...facts(outcome),
    },
    body,
  }
}

function failed(outcome: Outcome, version: string, body: string | Uint8Array): Answer {
  return withHeaders(ran(outcome, version, body), { 'X-Amz-Function-Error': 'Unhandled' })
}

function jsonOf(result: Extract<Outcome, { status: 'ok' }>['result']): Uint8Array {
  if (result.kind === 'json') return result.json
  throw new Error('impossible: a JSON payload was answered with an HTTP response')
}

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

function facts(outcome: Outcome): Record<string, string> {
  const headers = outcomeHeaders(outcome)
  return Object.fromEntries(
    headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? '']] : [])),
  )
}

function throttle(blocked: Blocked): Failure {
  return {
    status: 429,
    code: 'TooManyRequestsException',
    message: 'Rate Exceeded.',
    type: 'User',
    reason: throttleReason(blocked),
  }
}
