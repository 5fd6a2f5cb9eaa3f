import { gatewayError, idHeaders } from './gateway-errors.ts'
import type { HttpRequest, RouteContext, TranslatedResult } from './http.ts'
import { isBinary, mediaType } from './media-types.ts'
import { addHeader, addHeaders, type ResponseHeaders } from './response-headers.ts'
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

/** A proxy result, checked. */
export interface ProxyResult {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly body: string
  readonly isBase64: boolean
}

/**
 * The response of a REST API to what its function returned (docs/reference/http.md): known keys only, reserved
 * headers remapped, base64 decoded only where the client's Accept asks for a binary type. Base64
 * that cannot be decoded is answered here, with 500; all else AWS calls malformed is a reason.
 * Takes any value of JSON.
 */
export function fromRestResult(
  result: unknown,
  request: HttpRequest,
  route: RouteContext,
): TranslatedResult {
  const read = readProxyResult(asJson(result))
  if ('reason' in read) return { ok: false, reason: read.reason }
  const { status, headers, body, isBase64 } = read.value
  const encoded = encodeBody(body, isBase64 && acceptsBinary(request, route.binaryMediaTypes))
  if (encoded === undefined)
    return { ok: true, response: gatewayError('rest', 'undecodable', request) }

  const rawHeaders = ['Content-Type', headers.contentType ?? 'application/json']
  if (!isBodiless(status)) rawHeaders.push('Content-Length', String(encoded.length))
  rawHeaders.push(...idHeaders('rest', request.requestId), ...headers.raw)
  rawHeaders.push('X-Amzn-Trace-Id', request.traceId)
  return {
    ok: true,
    response: { status, rawHeaders, body: isBodiless(status) ? '' : encoded.body },
  }
}

const KEYS = 'isBase64Encoded, statusCode, headers, multiValueHeaders and body'

function readProxyResult(result: unknown): Read<ProxyResult> {
  if (!isObject(result)) {
    return {
      reason: `a REST API expects an object with ${KEYS}; the handler returned ${show(result)}`,
    }
  }
  let known = 0
  for (const key of Object.keys(result)) {
    // JSON drops what is undefined.
    if (result[key] === undefined) continue
    if (!isKnown(key)) {
      return { reason: `a REST API accepts only ${KEYS}; the result has the key ${show(key)}` }
    }
    known++
  }
  if (known === 0) return { reason: `a REST API expects an object with ${KEYS}; the result is {}` }
  return readKnown(result)
}

function isKnown(key: string): boolean {
  switch (key) {
    case 'statusCode':
    case 'body':
    case 'headers':
    case 'isBase64Encoded':
    case 'multiValueHeaders':
      return true
    default:
      return false
  }
}

/** Reads the keys that payload 1.0 knows; the same on both kinds of API. */
export function readKnown(
  result: JsonObject,
  front: 'rest' | 'httpapi' = 'rest',
): Read<ProxyResult> {
  const status = isAbsent(result['statusCode']) ? { value: 200 } : readStatus(result['statusCode'])
  if ('reason' in status) return status
  const body = readBody(result['body'])
  if ('reason' in body) return body
  const isBase64 = readFlag(result['isBase64Encoded'])
  if ('reason' in isBase64) return isBase64
  const headers: ResponseHeaders = { raw: [], contentType: undefined }
  const reason = readHeaders(headers, front, result['headers'], result['multiValueHeaders'])
  if (reason !== undefined) return { reason }
  return { value: { status: status.value, headers, body: body.value, isBase64: isBase64.value } }
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

function readHeaders(
  headers: ResponseHeaders,
  front: 'rest' | 'httpapi',
  single: unknown,
  multi: unknown,
): string | undefined {
  if (!isAbsent(single) && !isObject(single)) {
    return `headers: expected an object, got: ${show(single)}`
  }
  if (isAbsent(multi)) return single ? addHeaders(headers, front, single) : undefined
  if (!isObject(multi)) return `multiValueHeaders: expected an object, got: ${show(multi)}`
  return addMerged(headers, front, single ?? {}, multi)
}

/** Several values first, then the single one of the same name, in the spelling of the former. */
function addMerged(
  headers: ResponseHeaders,
  front: 'rest' | 'httpapi',
  single: JsonObject,
  multi: JsonObject,
): string | undefined {
  const merged = new Map<string, { readonly name: string; readonly values: unknown[] }>()
  for (const [name, values] of Object.entries(multi)) {
    if (isAbsent(values)) continue
    if (!Array.isArray(values)) {
      return `multiValueHeaders: the value of ${show(name)} is ${show(values)}, not an array`
    }
    addValues(merged, name, values)
  }
  for (const [name, value] of Object.entries(single)) addValues(merged, name, [value])
  for (const { name, values } of merged.values()) {
    for (const value of values) {
      const reason = addHeader(headers, front, name, value)
      if (reason !== undefined) return reason
    }
  }
  return undefined
}

function addValues(
  merged: Map<string, { readonly name: string; readonly values: unknown[] }>,
  name: string,
  values: readonly unknown[],
): void {
  const entry = merged.get(name.toLowerCase())
  if (entry === undefined) merged.set(name.toLowerCase(), { name, values: [...values] })
  else entry.values.push(...values)
}

/**
 * Whether the first media type of the client's Accept is one of the API's binary ones. Its own
 * wildcards are taken literally, and without an Accept only a configured `*` `/*` is met.
 */
function acceptsBinary(request: HttpRequest, binaryMediaTypes: readonly string[]): boolean {
  if (binaryMediaTypes.length === 0) return false
  const accept = request.rawHeaders.findIndex((name, i) => i % 2 === 0 && isAccept(name))
  const first = accept === -1 ? '' : (request.rawHeaders[accept + 1] ?? '').split(',', 1)[0]
  return isBinary(mediaType(first ?? ''), binaryMediaTypes)
}

function isAccept(name: string): boolean {
  return name.length === 6 && name.toLowerCase() === 'accept'
}
