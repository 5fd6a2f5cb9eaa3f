import type { RouteContext } from './http.ts'
import { scalarText, show } from './result.ts'

/** Headers on their way out. */
export interface ResponseHeaders {
  /** `[name, value, …]`, but for Content-Type. */
  readonly raw: string[]
  /** The last one given, in whatever spelling: exactly one leaves. */
  contentType: string | undefined
}

/** A response header's name, and what it is sent as by each front end; empty: it is not. */
interface HeaderName {
  readonly lower: string
  readonly sentAs: Readonly<Record<Front, string>>
  readonly valid: boolean
}

type Front = RouteContext['front']

/**
 * Adds one header of a result. Null is dropped, numbers and booleans become text. Returns why it
 * cannot be sent, or undefined.
 */
export function addHeader(
  headers: ResponseHeaders,
  front: Front,
  name: string,
  value: unknown,
): string | undefined {
  const known = headerName(name)
  if (!known.valid) return `headers: ${show(name)} is no name of an HTTP header`
  const text = typeof value === 'string' ? value : scalarText(value)
  if (text === undefined) return undefined
  if (text === null) return `headers: the value of ${show(name)} is ${show(value)}, not a string`
  if (UNSENDABLE.test(text)) {
    return `headers: the value of ${show(name)} has characters that HTTP cannot carry`
  }
  if (known.lower === 'content-type') headers.contentType = text
  else if (known.sentAs[front] !== '') headers.raw.push(known.sentAs[front], text)
  return undefined
}

/** Adds all of a result's `headers`. Returns why they cannot be sent, or undefined. */
export function addHeaders(
  headers: ResponseHeaders,
  front: Front,
  given: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const name of Object.keys(given)) {
    const reason = addHeader(headers, front, name, given[name])
    if (reason !== undefined) return reason
  }
  return undefined
}

/** Control characters would split the response; above U+00FF there is no byte for them. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

const KNOWN = new Map<string, HeaderName>()
const KNOWN_MAX = 512

function headerName(given: string): HeaderName {
  return KNOWN.get(given) ?? learn(given)
}

function learn(given: string): HeaderName {
  const lower = given.toLowerCase()
  const name: HeaderName = {
    lower,
    sentAs: {
      rest: restName(given, lower),
      httpapi: FRAMING.has(lower) || lower === 'apigw-requestid' ? '' : given,
      'function-url': FRAMING.has(lower) || URL_OWN.has(lower) ? '' : given,
      alb: FRAMING.has(lower) ? '' : given,
    },
    valid: TOKEN.test(given),
  }
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear()
  if (given.length <= 64) KNOWN.set(given, name)
  return name
}

function restName(given: string, lower: string): string {
  if (REMAPPED.has(lower)) return `x-amzn-Remapped-${given}`
  return FRAMING.has(lower) || REST_OWN.has(lower) ? '' : given
}

/** Headers that a REST API keeps for itself and sends under another name (docs/reference/http.md). */
const REMAPPED: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-md5',
  'date',
  'expect',
  'host',
  'max-forwards',
  'proxy-authenticate',
  'server',
  'trailer',
  'upgrade',
  'user-agent',
  'www-authenticate',
])

/** A REST API sets these itself. */
const REST_OWN: ReadonlySet<string> = new Set([
  'x-amzn-requestid',
  'x-amz-apigw-id',
  'x-amzn-trace-id',
])

/** A Function URL sets these itself. */
const URL_OWN: ReadonlySet<string> = new Set(['x-amzn-requestid', 'x-amzn-trace-id'])

/** They say how the connection carries the response, which is not the function's to say. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
