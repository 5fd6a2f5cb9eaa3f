import { albAnswer } from './alb-errors.ts'
import { byteLength } from './bytes.ts'
import { functionUrlAnswer } from './function-url-errors.ts'
import type { HttpResponse, RouteContext } from './http.ts'
import { shortId } from './ids.ts'
import { restAnswer } from './rest-errors.ts'

/** What a front end answers by itself, without or instead of a function's result. */
export type GatewayErrorKind =
  /** No route, or not with this method. */
  | 'not-found'
  /** The API key is missing or wrong. */
  | 'forbidden-key'
  /** A concurrency limit is in the way. */
  | 'throttled'
  /** The throttle of a stage, a route or a usage plan is. */
  | 'rate-limited'
  /** The quota of a usage plan is used up. */
  | 'over-quota'
  /** The function answered what the front end cannot send. */
  | 'malformed'
  /** The body is said to be base64 and is not. */
  | 'undecodable'
  /** The function threw, exited, timed out or was interrupted. */
  | 'function-error'
  /** The front end's own wait is over (29 s on REST, 30 s on HTTP APIs). */
  | 'timeout'
  /** The request's body is over the front end's limit. */
  | 'too-large'
  /** Ours: nothing could run the function before the deadline. It did not start. */
  | 'unavailable'
  | RefusalKind

/** Why a request was turned away by a guard, before its function was asked. */
export type RefusalKind =
  /** What tells who the caller is, is missing or not valid. */
  | 'unauthorized'
  /** The same of a token of a user pool that was valid once (REST). */
  | 'expired-token'
  /** The authorizer's answer does not let this request in. */
  | 'access-denied'
  /** Its policy says Deny. */
  | 'explicitly-denied'
  /** The authorizer failed, or answered what cannot be read. */
  | 'authorizer-failed'
  /** A request that must be signed is not. */
  | 'unsigned'
  /** It is signed with a key that is not known. */
  | 'unknown-key'
  /** Its signature does not hold. */
  | 'bad-signature'
  /** Parameters are missing that the method requires. */
  | 'bad-parameters'
  /** The body does not fit its model. */
  | 'bad-body'

/** What an answer says of the request it answers. */
export interface GatewayErrorFacts {
  /** A UUID, as in `HttpRequest`. */
  readonly requestId: string
  /** Shown by answers that come after a function was tried. */
  readonly traceId?: string
  /** For `throttled`, `rate-limited`, `over-quota` and `unavailable`, whole seconds. Default: 1. */
  readonly retryAfterS?: number
  /** For `throttled` on a Function URL: Lambda's own word. Default: the account's limit. */
  readonly throttleReason?: string
  /** For `too-large` on a Function URL: how large the request was. */
  readonly payloadBytes?: number
  /** What is wrong, where the answer says it: the missing parameters, why a signature does not hold. */
  readonly detail?: string
}

/**
 * The answer, byte for byte as AWS gives it: a space after the colon in some, none in others
 * (docs/reference/http.md). Two are ours, because AWS's are not known or do not exist: a throttle is
 * 429 with `Retry-After` on every front end, and `unavailable` is 503.
 */
export function gatewayError(
  front: RouteContext['front'],
  kind: GatewayErrorKind,
  facts: GatewayErrorFacts,
): HttpResponse {
  const answer = answerOf(front, kind, facts)
  const rawHeaders = [
    'Content-Type',
    answer.contentType ?? 'application/json',
    'Content-Length',
    String(byteLength(answer.body)),
    ...idHeaders(front, facts.requestId),
  ]
  if (answer.errorType !== undefined) rawHeaders.push('x-amzn-ErrorType', answer.errorType)
  if (facts.traceId !== undefined && TRACED.has(front) && AFTER_FUNCTION.has(kind)) {
    rawHeaders.push('X-Amzn-Trace-Id', facts.traceId)
  }
  if (TO_BE_RETRIED.has(kind)) {
    rawHeaders.push('Retry-After', String(facts.retryAfterS ?? 1))
  }
  return { status: answer.status, rawHeaders, body: answer.body }
}

/** The request's ids as every response of the front end carries them. */
export function idHeaders(front: RouteContext['front'], requestId: string): string[] {
  switch (front) {
    case 'rest':
      return ['x-amzn-RequestId', requestId, 'x-amz-apigw-id', shortId(requestId)]
    case 'httpapi':
      return ['Apigw-Requestid', shortId(requestId)]
    case 'function-url':
      return ['x-amzn-RequestId', requestId]
    case 'alb':
      return []
  }
}

/** Those that say when. */
const TO_BE_RETRIED: ReadonlySet<GatewayErrorKind> = new Set([
  'throttled',
  'rate-limited',
  'over-quota',
  'unavailable',
])

/** Those that name the trace in their answers. */
export const TRACED: ReadonlySet<RouteContext['front']> = new Set(['rest', 'function-url'])

/** An answer without the headers that all have. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly errorType?: string
  readonly contentType?: string
}

const AFTER_FUNCTION: ReadonlySet<GatewayErrorKind> = new Set([
  'malformed',
  'undecodable',
  'function-error',
  'timeout',
])

function answerOf(
  front: RouteContext['front'],
  kind: GatewayErrorKind,
  facts: GatewayErrorFacts,
): Answer {
  switch (front) {
    case 'rest':
      return restAnswer(kind, facts)
    case 'httpapi':
      return HTTP_API[kind]
    case 'function-url':
      return functionUrlAnswer(kind, facts)
    case 'alb':
      return albAnswer(kind)
  }
}

const httpApi = (status: number, message: string): Answer => ({
  status,
  body: `{"message":"${message}"}`,
})

const HTTP_API: Readonly<Record<GatewayErrorKind, Answer>> = {
  'not-found': httpApi(404, 'Not Found'),
  'forbidden-key': httpApi(403, 'Forbidden'),
  throttled: httpApi(429, 'Too Many Requests'),
  'rate-limited': httpApi(429, 'Too Many Requests'),
  'over-quota': httpApi(429, 'Too Many Requests'),
  malformed: httpApi(500, 'Internal Server Error'),
  undecodable: httpApi(500, 'Internal Server Error'),
  'function-error': httpApi(500, 'Internal Server Error'),
  timeout: httpApi(503, 'Service Unavailable'),
  'too-large': httpApi(413, 'Request Entity Too Large'),
  unavailable: httpApi(503, 'Service Unavailable'),
  unauthorized: httpApi(401, 'Unauthorized'),
  'expired-token': httpApi(401, 'Unauthorized'),
  'access-denied': httpApi(403, 'Forbidden'),
  'explicitly-denied': httpApi(403, 'Forbidden'),
  'authorizer-failed': httpApi(500, 'Internal Server Error'),
  unsigned: httpApi(403, 'Forbidden'),
  'unknown-key': httpApi(403, 'Forbidden'),
  'bad-signature': httpApi(403, 'Forbidden'),
  'bad-parameters': httpApi(400, 'Bad Request'),
  'bad-body': httpApi(400, 'Bad Request'),
}
