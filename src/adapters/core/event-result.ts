import type { HttpResponse } from '../../events/index.ts'
import type { EventKind } from './event-request.ts'

/** What a function returns to API Gateway, a Function URL or a load balancer. */
export interface HttpResult {
  statusCode: number
  headers?: Record<string, string>
  multiValueHeaders?: Record<string, string[]>
  cookies?: string[]
  body: string
  isBase64Encoded: boolean
}

/**
 * The result that has a response leave as it is. A body is base64 where it is no UTF-8 text: a REST
 * API turns that into bytes again where its `binaryMediaTypes` say so, the others always.
 */
export function toHttpResult(kind: EventKind, response: HttpResponse): HttpResult {
  const headers = collect(response.rawHeaders)
  return {
    statusCode: response.status,
    ...shape(kind, headers),
    ...encode(response.body),
  }
}

/** Values by name, in the first spelling. */
type Headers = ReadonlyMap<string, { readonly name: string; readonly values: string[] }>

function collect(rawHeaders: readonly string[]): Headers {
  const headers = new Map<string, { readonly name: string; readonly values: string[] }>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    const key = name.toLowerCase()
    if (FRAMING.has(key)) continue
    const seen = headers.get(key)
    if (seen === undefined) headers.set(key, { name, values: [value] })
    else seen.values.push(value)
  }
  return headers
}

/** The front end's own: it knows the length, and a REST API would send it under another name. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'trailer',
  'transfer-encoding',
])

function shape(
  kind: EventKind,
  headers: Headers,
): Omit<HttpResult, 'statusCode' | 'body' | 'isBase64Encoded'> {
  switch (kind) {
    case 'v1':
      return {
        headers: record(headers, ({ values }) => (values.length === 1 ? values[0] : undefined)),
        multiValueHeaders: record(headers, ({ values }) =>
          values.length > 1 ? values : undefined,
        ),
      }
    case 'v2': {
      const cookies = headers.get('set-cookie')?.values ?? []
      return { headers: joinedOf(headers), ...(cookies.length === 0 ? {} : { cookies }) }
    }
    case 'alb-lists':
      return { multiValueHeaders: record(headers, ({ values }) => values) }
    case 'alb':
      return { headers: { ...joinedOf(headers), ...spelledCookies(headers) } }
  }
}

function record<Value>(
  headers: Headers,
  of: (header: { readonly name: string; readonly values: string[] }) => Value | undefined,
): Record<string, Value> {
  const out: Record<string, Value> = {}
  for (const header of headers.values()) {
    const value = of(header)
    if (value !== undefined) out[header.name] = value
  }
  return out
}

function joinedOf(headers: Headers): Record<string, string> {
  return record(headers, ({ name, values }) =>
    name.toLowerCase() === 'set-cookie' ? undefined : values.join(', '),
  )
}

/** Without lists a load balancer takes one value a name; names that differ in case are several. */
function spelledCookies(headers: Headers): Record<string, string> {
  const cookies = headers.get('set-cookie')?.values ?? []
  return Object.fromEntries(cookies.map((cookie, i) => [spelling(i), cookie]))
}

/** `set-cookie` with the letters in upper case that the bits of the number say. */
function spelling(number: number): string {
  let bit = 0
  return 'set-cookie'.replaceAll(/[a-z]/g, (letter) =>
    ((number >> bit++) & 1) === 1 ? letter.toUpperCase() : letter,
  )
}

/** Fails on what is no UTF-8; keeps a byte order mark. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function encode(body: HttpResponse['body']): Pick<HttpResult, 'body' | 'isBase64Encoded'> {
  if (typeof body === 'string') return { body, isBase64Encoded: false }
  try {
    return { body: decoder.decode(body), isBase64Encoded: false }
  } catch {
    const { buffer, byteOffset, byteLength } = body
    const text = Buffer.from(buffer, byteOffset, byteLength).toString('base64')
    return { body: text, isBase64Encoded: true }
  }
}
