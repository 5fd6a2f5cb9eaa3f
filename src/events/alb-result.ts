import { byteLength } from './bytes.ts'
import type { HttpRequest, RouteContext, TranslatedResult } from './http.ts'
import { addHeader, type ResponseHeaders } from './response-headers.ts'
import {
  asJson,
  encodeBody,
  isBodiless,
  isObject,
  readBody,
  readStatus,
  show,
  type JsonObject,
} from './result.ts'

/** Of the whole result, as JSON (elb guide, "Lambda functions as targets": 1 MB). */
const RESULT_BYTES_MAX = 1024 * 1024

/** A body of so many characters cannot be over the limit, whatever JSON makes of them. */
const SURELY_FITS = RESULT_BYTES_MAX / 8

/**
 * The response of a load balancer to what its function returned (docs/reference/http.md). It infers
 * nothing, and takes only the headers of its mode: strings, or with multi-value headers lists of them.
 * Takes any value of JSON.
 */
export function fromAlbResult(
  result: unknown,
  _request: HttpRequest,
  route: RouteContext,
): TranslatedResult {
  const value = asJson(result)
  if (!isObject(value)) return refuse(`expects an object with statusCode; got: ${show(value)}`)
  const status = readStatus(value['statusCode'])
  if ('reason' in status) return refuse(`expects a ${status.reason}`)
  const mistyped = mistypedKey(value)
  if (mistyped !== undefined) return refuse(mistyped)
  const body = readBody(value['body'])
  if ('reason' in body) return { ok: false, reason: body.reason }
  if (isTooLarge(value, body.value)) return refuse('takes 1 MB of JSON; the result is larger')
  const headers: ResponseHeaders = { raw: [], contentType: undefined }
  const reason = addOwn(headers, value, route.multiValueHeaders === true)
  if (reason !== undefined) return { ok: false, reason }
  return toResponse(status.value, headers, body.value, value['isBase64Encoded'] === true)
}

function refuse(what: string): TranslatedResult {
  return { ok: false, reason: `a load balancer ${what}` }
}

/** Other types, null among them, are no response to a load balancer (observed). */
function mistypedKey({ statusDescription, isBase64Encoded }: JsonObject): string | undefined {
  if (statusDescription !== undefined && typeof statusDescription !== 'string') {
    return `expects statusDescription to be a string, got: ${show(statusDescription)}`
  }
  if (isBase64Encoded === undefined || typeof isBase64Encoded === 'boolean') return undefined
  return `expects isBase64Encoded to be true or false, got: ${show(isBase64Encoded)}`
}

function isTooLarge(result: JsonObject, body: string): boolean {
  return body.length > SURELY_FITS && byteLength(JSON.stringify(result)) > RESULT_BYTES_MAX
}

/** The headers of the mode; those of the other one are not looked at. */
function addOwn(headers: ResponseHeaders, result: JsonObject, multi: boolean): string | undefined {
  const key = multi ? 'multiValueHeaders' : 'headers'
  const given = result[key]
  if (given === undefined) return undefined
  if (!isObject(given)) return `${key}: expected an object, got: ${show(given)}`
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (multi && !Array.isArray(value)) {
      return `${key}: the value of ${show(name)} is ${show(value)}, not an array`
    }
    for (const each of multi ? (value as readonly unknown[]) : [value]) {
      const reason = addText(headers, name, each)
      if (reason !== undefined) return reason
    }
  }
  return undefined
}

/** A number or a boolean is no value of a header here (observed: 502). */
function addText(headers: ResponseHeaders, name: string, value: unknown): string | undefined {
  if (typeof value === 'string') return addHeader(headers, 'alb', name, value)
  return `headers: the value of ${show(name)} is ${show(value)}, not a string`
}

function toResponse(
  status: number,
  headers: ResponseHeaders,
  body: string,
  isBase64: boolean,
): TranslatedResult {
  const encoded = encodeBody(body, isBase64)
  if (encoded === undefined) return { ok: false, reason: 'body: isBase64Encoded, but not base64' }
  const rawHeaders = ['Content-Type', headers.contentType ?? 'application/octet-stream']
  if (!isBodiless(status)) rawHeaders.push('Content-Length', String(encoded.length))
  rawHeaders.push(...headers.raw)
  return {
    ok: true,
    response: { status, rawHeaders, body: isBodiless(status) ? '' : encoded.body },
  }
}
