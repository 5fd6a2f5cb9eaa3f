import type { Answer, GatewayErrorFacts, GatewayErrorKind } from './gateway-errors.ts'
import { denied, restAnswer } from './rest-errors.ts'

const FORBIDDEN: Answer = denied(
  'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
)
const UNKNOWN: Answer = {
  status: 403,
  body: '{"Message":null}',
  errorType: 'AccessDeniedException',
}

/** What does not hang on the request; all others are a failure of the function. */
const ANSWERS: Readonly<Partial<Record<GatewayErrorKind, Answer>>> = {
  'not-found': UNKNOWN,
  'forbidden-key': UNKNOWN,
  unavailable: { status: 503, body: 'Service Unavailable', contentType: 'text/plain' },
  unsigned: FORBIDDEN,
  unauthorized: FORBIDDEN,
  'access-denied': FORBIDDEN,
  'explicitly-denied': FORBIDDEN,
}

/** Lambda's own words for what was in the way. */
const REASONS = {
  throttled: 'ConcurrentInvocationLimitExceeded',
  'rate-limited': 'FunctionInvocationRateLimitExceeded',
  'over-quota': 'FunctionInvocationRateLimitExceeded',
} as const

/** Function URLs pass on what Lambda's own API would say, and hide a failure behind plain text. */
export function functionUrlAnswer(kind: GatewayErrorKind, facts: GatewayErrorFacts): Answer {
  const known = ANSWERS[kind]
  if (known !== undefined) return known
  if (kind === 'unknown-key' || kind === 'bad-signature') return restAnswer(kind, facts)
  if (kind === 'throttled' || kind === 'rate-limited' || kind === 'over-quota') {
    const reason = facts.throttleReason ?? REASONS[kind]
    return {
      status: 429,
      body: `{"Reason":"${reason}","Type":"User","message":"Rate Exceeded."}`,
      errorType: 'TooManyRequestsException',
    }
  }
  if (kind === 'too-large') {
    return {
      status: 413,
      body: `{"Message":"${facts.payloadBytes ?? 0} byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)"}`,
      errorType: 'RequestEntityTooLargeException',
    }
  }
  return { status: 502, body: 'Internal Server Error', contentType: 'text/plain' }
}
