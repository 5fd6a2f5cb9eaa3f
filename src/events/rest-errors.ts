import type { Answer, GatewayErrorFacts, GatewayErrorKind } from './gateway-errors.ts'

/** How REST APIs write the errors of an integration, with a space. */
const rest = (status: number, message: string, errorType: string): Answer => ({
  status,
  body: `{"message": "${message}"}`,
  errorType,
})

const own = (
  status: number,
  body: Readonly<Record<string, unknown>>,
  errorType: string,
): Answer => ({
  status,
  body: JSON.stringify(body),
  errorType,
})

/** How they write their own. */
const restOwn = (status: number, message: string, errorType: string): Answer =>
  own(status, { message }, errorType)

/** Signature Version 4's own words, where the check did not say more. */
const NO_MATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'
const UNKNOWN_KEY = 'The security token included in the request is invalid.'

/** A REST API's own answer. */
export function restAnswer(kind: GatewayErrorKind, { detail }: GatewayErrorFacts): Answer {
  if (detail === undefined) return REST[kind]
  if (kind === 'bad-parameters') {
    return restOwn(400, `Missing required request parameters: [${detail}]`, 'BadRequestException')
  }
  return kind === 'bad-signature' ? badSignature(detail) : REST[kind]
}

const badSignature = (message: string): Answer => own(403, { message }, 'InvalidSignatureException')

/** A capital letter, unlike all others (supported-gateway-response-types.md). */
export const denied = (message: string): Answer =>
  own(403, { Message: message }, 'AccessDeniedException')

const NOT_AUTHORIZED = 'User is not authorized to access this resource'

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
  unauthorized: restOwn(401, 'Unauthorized', 'UnauthorizedException'),
  'expired-token': restOwn(401, 'The incoming token has expired', 'UnauthorizedException'),
  'access-denied': denied(NOT_AUTHORIZED),
  'explicitly-denied': denied(
    `${NOT_AUTHORIZED} with an explicit deny in an identity-based policy`,
  ),
  'authorizer-failed': own(500, { message: null }, 'AuthorizerConfigurationException'),
  unsigned: restOwn(403, 'Missing Authentication Token', 'MissingAuthenticationTokenException'),
  'unknown-key': own(403, { message: UNKNOWN_KEY }, 'UnrecognizedClientException'),
  'bad-signature': badSignature(NO_MATCH),
  'bad-parameters': restOwn(400, 'Missing required request parameters', 'BadRequestException'),
  'bad-body': restOwn(400, 'Invalid request body', 'BadRequestException'),
}
