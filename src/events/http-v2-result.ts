import { idHeaders } from './gateway-errors.ts'
import type { HttpRequest, RouteContext, TranslatedResult } from './http.ts'
import { addHeader, addHeaders, type ResponseHeaders } from './response-headers.ts'
import { readKnown, type ProxyResult } from './rest-v1-result.ts'
import {
  asJson,
  encodeBody,
  isBodiless,
  isObject,
  readBody,
  readFlag,
  readStatus,
  show,
  type JsonObject,
  type Read,
} from './result.ts'

/**
 * The response of an HTTP API or a Function URL to what its function returned (docs/reference/http.md). A
 * value without `statusCode` is the whole body of a 200; a string then goes out without quotes.
 * @throws {TypeError} when the value is no JSON (a BigInt, a circle), as the runtime would.
 */
export function fromHttpApiResult(
  result: unknown,
  request: HttpRequest,
  route: RouteContext,
): TranslatedResult {
  const value = asJson(result)
  const read = hasStatus(value) ? readStructured(value, route) : readBare(value)
  return toResponse(read, request, route)
}

/** The same for payload 1.0, which infers nothing: without a `statusCode` it is malformed. */
export function fromHttpApiV1Result(
  result: unknown,
  request: HttpRequest,
  route: RouteContext,
): TranslatedResult {
  const value = asJson(result)
  if (!hasStatus(value)) {
    const reason = `payload 1.0 expects an object with statusCode; the handler returned ${show(value)}`
    return { ok: false, reason }
  }
  const read = readKnown(value, 'httpapi')
  if ('value' in read) read.value.headers.contentType ??= defaultType(route)
  return toResponse(read, request, route)
}

function hasStatus(value: unknown): value is JsonObject {
  return (
    isObject(value) && Object.hasOwn(value, 'statusCode') && (value['statusCode'] ?? null) !== null
  )
}

/** Recorded: an HTTP API calls a body of no type text, a Function URL calls it JSON. */
function defaultType({ front }: RouteContext): string {
  return front === 'function-url' ? 'application/json' : 'text/plain;charset=UTF-8'
}

function readBare(value: unknown): Read<ProxyResult> {
  const body = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null')
  const headers: ResponseHeaders = { raw: [], contentType: 'application/json' }
  return { value: { status: 200, headers, body, isBase64: false } }
}

function readStructured(result: JsonObject, route: RouteContext): Read<ProxyResult> {
  const status = readStatus(result['statusCode'])
  if ('reason' in status) return status
  const body = readBody(result['body'])
  if ('reason' in body) return body
  const isBase64 = readFlag(result['isBase64Encoded'])
  if ('reason' in isBase64) return isBase64
  const headers: ResponseHeaders = { raw: [], contentType: undefined }
  const reason = addResultHeaders(headers, result, route.front)
  if (reason !== undefined) return { reason }
  headers.contentType ??= defaultType(route)
  return { value: { status: status.value, headers, body: body.value, isBase64: isBase64.value } }
}

/** Adds what a result, or the prelude of a stream, has as `headers` and `cookies`. Returns why it cannot. */
export function addResultHeaders(
  headers: ResponseHeaders,
  { headers: given, cookies }: JsonObject,
  front: RouteContext['front'],
): string | undefined {
  if (given !== undefined && given !== null) {
    if (!isObject(given)) return `headers: expected an object, got: ${show(given)}`
    const reason = addHeaders(headers, front, given)
    if (reason !== undefined) return reason
  }
  return addCookies(headers, cookies, front)
}

/** They stand in for a Set-Cookie among the headers. Returns why they cannot be sent. */
export function addCookies(
  headers: ResponseHeaders,
  cookies: unknown,
  front: RouteContext['front'],
): string | undefined {
  if (cookies === undefined || cookies === null) return undefined
  if (!Array.isArray(cookies)) return `cookies: expected an array of strings, got: ${show(cookies)}`
  if (cookies.length === 0) return undefined
  for (let i = headers.raw.length - 2; i >= 0; i -= 2) {
    if (headers.raw[i]?.toLowerCase() === 'set-cookie') headers.raw.splice(i, 2)
  }
  for (const cookie of cookies) {
    if (typeof cookie !== 'string') return `cookies: expected strings, got: ${show(cookie)}`
    const reason = addHeader(headers, front, 'Set-Cookie', cookie)
    if (reason !== undefined) return reason
  }
  return undefined
}

function toResponse(
  read: Read<ProxyResult>,
  request: HttpRequest,
  { front }: RouteContext,
): TranslatedResult {
  if ('reason' in read) return { ok: false, reason: read.reason }
  const { status, headers, body, isBase64 } = read.value
  const encoded = encodeBody(body, isBase64)
  if (encoded === undefined) return { ok: false, reason: 'body: isBase64Encoded, but not base64' }
  const rawHeaders = ['Content-Type', headers.contentType ?? 'application/json']
  if (!isBodiless(status)) rawHeaders.push('Content-Length', String(encoded.length))
  rawHeaders.push(...idHeaders(front, request.requestId), ...headers.raw)
  if (front === 'function-url') rawHeaders.push('X-Amzn-Trace-Id', request.traceId)
  return {
    ok: true,
    response: { status, rawHeaders, body: isBodiless(status) ? '' : encoded.body },
  }
}
