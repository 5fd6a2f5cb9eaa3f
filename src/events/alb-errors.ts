import type { GatewayErrorKind } from './gateway-errors.ts'

/** A throttle of the function is a 502 too (elb guide, "Troubleshoot your Application Load Balancers"). */
const STATUS: Readonly<Record<GatewayErrorKind, keyof typeof TITLES>> = {
  'not-found': 404,
  'forbidden-key': 403,
  throttled: 502,
  malformed: 502,
  undecodable: 502,
  'function-error': 502,
  timeout: 502,
  'too-large': 413,
  unavailable: 503,
}

const TITLES = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
} as const

/** An answer of a load balancer's own. */
export interface AlbAnswer {
  readonly status: number
  readonly body: string
  readonly contentType: string
}

/** What a load balancer answers by itself. */
export function albAnswer(kind: GatewayErrorKind): AlbAnswer {
  return albPage(STATUS[kind])
}

/** The page that goes with a status, byte for byte (docs/reference/http.md). */
export function albPage(status: keyof typeof TITLES): AlbAnswer {
  const title = `${status} ${TITLES[status]}`
  const lines = [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
    '</body>',
    '</html>',
  ]
  return { status, body: `${lines.join('\r\n')}\r\n`, contentType: 'text/html' }
}
