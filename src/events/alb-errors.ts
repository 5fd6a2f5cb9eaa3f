import type { GatewayErrorKind } from './gateway-errors.ts'

const STATUS: Readonly<Record<GatewayErrorKind, readonly [status: number, title: string]>> = {
  'not-found': [404, 'Not Found'],
  'forbidden-key': [403, 'Forbidden'],
  throttled: [502, 'Bad Gateway'],
  // Ours: a load balancer has no limit of its own.
  'rate-limited': [429, 'Too Many Requests'],
  'over-quota': [429, 'Too Many Requests'],
  malformed: [502, 'Bad Gateway'],
  undecodable: [502, 'Bad Gateway'],
  'function-error': [502, 'Bad Gateway'],
  timeout: [502, 'Bad Gateway'],
  'too-large': [413, 'Request Entity Too Large'],
  unavailable: [503, 'Service Temporarily Unavailable'],
  unauthorized: [401, 'Authorization Required'],
  'expired-token': [401, 'Authorization Required'],
  'access-denied': [403, 'Forbidden'],
  'explicitly-denied': [403, 'Forbidden'],
  'authorizer-failed': [561, 'Authentication Error'],
  unsigned: [403, 'Forbidden'],
  'unknown-key': [403, 'Forbidden'],
  'bad-signature': [403, 'Forbidden'],
  'bad-parameters': [400, 'Bad Request'],
  'bad-body': [400, 'Bad Request'],
}

/** An answer of a load balancer's own. */
export interface AlbAnswer {
  readonly status: number
  readonly body: string
  readonly contentType: string
}

/** What a load balancer answers by itself (elb guide, "Troubleshoot your Application Load Balancers"). */
export function albAnswer(kind: GatewayErrorKind): AlbAnswer {
  return albPage(...STATUS[kind])
}

/** The page that goes with a status, byte for byte (docs/reference/http.md). */
export function albPage(status: number, title: string): AlbAnswer {
  const lines = [
    '<html>',
    `<head><title>${status} ${title}</title></head>`,
    '<body>',
    `<center><h1>${status} ${title}</h1></center>`,
    '</body>',
    '</html>',
  ]
  return { status, body: `${lines.join('\r\n')}\r\n`, contentType: 'text/html' }
}
