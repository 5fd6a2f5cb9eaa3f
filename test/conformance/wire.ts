import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'

/** A request of a case, as it is to stand on the wire. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string
  readonly bodyBase64?: string
  /** Sent as X-Forwarded-For; the apps of the cases trust 127.0.0.1 as a proxy. */
  readonly sourceIp?: string
}

export interface WireResponse {
  /** Of the request: the answer to a HEAD has no body, whatever it would be. */
  readonly method: string
  readonly status: number
  /** In order, spelt as sent. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
}

const LONGEST_ANSWER_MS = 60_000
const METHODS_WITH_BODY = new Set(['POST', 'PUT', 'PATCH'])

/** One connection a request: nothing that was said before can colour an answer. */
const agent = new Agent({ keepAlive: false })

/** Sends a request byte for byte as the case writes it; only Host and Content-Length are added. */
export async function send(baseUrl: string, request: WireRequest): Promise<WireResponse> {
  const { hostname, port, host } = new URL(baseUrl)
  const body = bodyOf(request)
  const { promise, resolve, reject } = Promise.withResolvers<WireResponse>()
  const outgoing = httpRequest({
    agent,
    hostname,
    port,
    method: request.method,
    path: request.target,
    setDefaultHeaders: false,
    headers: headersFor(request, host, body),
    signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
  })
  // A server that refuses a body in the middle of it may answer and hang up at once: the answer counts.
  outgoing.on('error', reject)
  outgoing.on(
    'response',
    (incoming) => void readResponse(request.method, incoming).then(resolve, reject),
  )
  outgoing.end(body)
  return await promise
}

function bodyOf({ body, bodyBase64 }: WireRequest): Uint8Array | undefined {
  if (bodyBase64 !== undefined) return Buffer.from(bodyBase64, 'base64')
  return body === undefined ? undefined : Buffer.from(body)
}

function headersFor(request: WireRequest, host: string, body: Uint8Array | undefined): string[] {
  const named = new Set(request.headers.map(([name]) => name.toLowerCase()))
  const out: string[] = []
  if (!named.has('host')) out.push('Host', host)
  for (const [name, value] of request.headers) out.push(name, value)
  if (request.sourceIp !== undefined) out.push('X-Forwarded-For', request.sourceIp)
  const framed = named.has('content-length') || named.has('transfer-encoding')
  if (!framed && (body !== undefined || METHODS_WITH_BODY.has(request.method))) {
    out.push('Content-Length', String(body?.length ?? 0))
  }
  return out
}

async function readResponse(method: string, incoming: IncomingMessage): Promise<WireResponse> {
  const chunks: Buffer[] = await incoming.toArray()
  const { rawHeaders, statusCode = 0 } = incoming
  const headers = rawHeaders.flatMap((name, i): [string, string][] =>
    i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? '']] : [],
  )
  return { method, status: statusCode, headers, body: Buffer.concat(chunks) }
}

/** Every value of a header, in order. */
export function headerValues(response: WireResponse, name: string): string[] {
  return response.headers
    .filter(([key]) => key.toLowerCase() === name.toLowerCase())
    .map(([, v]) => v)
}

/** The headers by lower-case name, repeats joined as HTTP allows. */
export function headerMap(response: WireResponse): Record<string, string> {
  const names = new Set(response.headers.map(([name]) => name.toLowerCase()))
  return Object.fromEntries(
    [...names].map((name) => [name, headerValues(response, name).join(', ')]),
  )
}
