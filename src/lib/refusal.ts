/** Why a connection serves nothing more: what its client is told before it is closed. */
export interface Refusal {
  readonly status: keyof typeof PHRASES
  /** A sentence for the person who wrote the client. */
  readonly message: string
}

// `node:http` has them all, but see `listen.ts` for what importing it costs.
const PHRASES = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  505: 'HTTP Version Not Supported',
} as const

/** The whole answer as it goes on the wire. */
export function refusalText({ status, message }: Refusal): string {
  const body = JSON.stringify({ message })
  return [
    `HTTP/1.1 ${status} ${PHRASES[status]}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    ...(status === 405 ? ['Allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT'] : []),
    '',
    body,
  ].join('\r\n')
}

/** What Node's parser, or its clock, has against a request. Undefined: the client has just left. */
export function refusalOf(error: Error & { readonly code?: string }): Refusal | undefined {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, message: 'the headers are larger than 16 KiB' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, message: 'the chunk extensions are larger than 16 KiB' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, message: 'the request did not come to its end in time' }
    case undefined:
    default:
      return { status: 400, message: 'this is not a request of HTTP/1.1' }
  }
}
