import { albAnswer } from './alb-errors.ts'
import { byteLength } from './bytes.ts'
import type { HttpResponse, RouteContext } from './http.ts'
import { shortId } from './ids.ts'

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

interface Answer {
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
      return REST[kind]
    case 'httpapi':
      return HTTP_API[kind]
    case 'function-url':
      return functionUrlAnswer(kind, facts)
    case 'alb':
      return albAnswer(kind)
  }
}

/** How REST APIs write the errors of an integration, with a space. */
const rest = (status: number, message: string, errorType: string): Answer => ({
  status,
  body: `{"message": "${message}"}`,
  errorType,
})

/** How they write their own. */
const restOwn = (status: number, message: string, errorType: string): Answer => ({
  status,
  body: `{"message":"${message}"}`,
  errorType,
})

const REST: Readonly<Record<GatewayErrorKind, Answer>> = {
  'not-found': restOwn(403, 'Missing Authentication Token', 'MissingAuthenticationTokenException'),
  'forbidden-key': restOwn(403, 'Forbidden', 'ForbiddenException'),
  throttled: restOwn(429, 'Too Many Requests', 'TooManyRequestsException'),
  'rate-limited': restOwn(429, 'Too Many Requests', 'TooManyRequestsException'),
  'over-quota': restOwn(429, 'Limit Exceeded', 'LimitExceededException'),
  malformed: rest(502, 'Internal server error', 'InternalServerErrorException'),
  undecodable: rest(500, 'Internal server error', 'InternalServerErrorException'),
  'function-error': rest(502, 'Internal server error', 'InternalServerErrorException'),
  timeout: rest(504, 'Endpoint request timed out', 'InternalServerErrorException'),
  'too-large': {
    status: 413,
    body: 'HTTP content length exceeded 10485760 bytes.',
    errorType: 'RequestTooLargeException',
    contentType: 'text/plain',
  },
  unavailable: rest(503, 'Service Unavailable', 'ServiceUnavailableException'),
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
}

/** Lambda's own words for what was in the way. */
const REASONS = {
  throttled: 'ConcurrentInvocationLimitExceeded',
  'rate-limited': 'FunctionInvocationRateLimitExceeded',
  'over-quota': 'FunctionInvocationRateLimitExceeded',
} as const

/** Function URLs pass on what Lambda's own API would say, and hide a failure behind plain text. */
function functionUrlAnswer(kind: GatewayErrorKind, facts: GatewayErrorFacts): Answer {
  switch (kind) {
    case 'not-found':
    case 'forbidden-key':
      return { status: 403, body: '{"Message":null}', errorType: 'AccessDeniedException' }
    case 'throttled':
    case 'rate-limited':
    case 'over-quota': {
      const reason = facts.throttleReason ?? REASONS[kind]
      return {
        status: 429,
        body: `{"Reason":"${reason}","Type":"User","message":"Rate Exceeded."}`,
        errorType: 'TooManyRequestsException',
      }
    }
    case 'too-large':
      return {
        status: 413,
        body: `{"Message":"${facts.payloadBytes ?? 0} byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)"}`,
        errorType: 'RequestEntityTooLargeException',
      }
    case 'unavailable':
      return { status: 503, body: 'Service Unavailable', contentType: 'text/plain' }
    case 'malformed':
    case 'undecodable':
    case 'function-error':
    case 'timeout':
      return { status: 502, body: 'Internal Server Error', contentType: 'text/plain' }
  }
}
