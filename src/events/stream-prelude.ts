import { utf8 } from './bytes.ts'
import { idHeaders, TRACED } from './gateway-errors.ts'
import { addCookies, addResultHeaders } from './http-v2-result.ts'
import type { HttpRequest, RouteContext } from './http.ts'
import type { ResponseHeaders } from './response-headers.ts'
import { readKnown } from './rest-v1-result.ts'
import { isObject, readStatus, show, type JsonObject, type Read } from './result.ts'

/** The type of a streamed response that begins with its status and headers. */
export const WITH_PRELUDE = 'application/vnd.awslambda.http-integration-response'

/** So many NUL bytes part the prelude from the body (`HttpResponseStream` of Lambda's Node runtime). */
const DELIMITER_BYTES = 8

/** Ours, so that it cannot fill the memory: far above what an HTTP client takes as headers. */
const PRELUDE_BYTES_MAX = 256 * 1024

/** Finds the end of the prelude in bytes that come in any pieces. */
export interface PreludeReader {
  /** Undefined while it is not whole; then its text and where in these bytes the body begins. */
  push(bytes: Uint8Array): Read<{ readonly text: string; readonly bodyAt: number }> | undefined
}

export function createPreludeReader(): PreludeReader {
  const pieces: Uint8Array[] = []
  let length = 0
  let zeros = 0
  return {
    push(bytes) {
      // JSON holds no NUL, so the first one begins the delimiter.
      let at = zeros > 0 ? 0 : bytes.indexOf(0)
      if (at === -1) at = bytes.length
      if (zeros === 0) {
        pieces.push(bytes.slice(0, at))
        length += at
        if (length > PRELUDE_BYTES_MAX) return { reason: 'the prelude of the stream has no end' }
      }
      for (; at < bytes.length && zeros < DELIMITER_BYTES; at++, zeros++) {
        if (bytes[at] !== 0)
          return { reason: 'the prelude of the stream ends in too few NUL bytes' }
      }
      if (zeros < DELIMITER_BYTES) return undefined
      return { value: { text: utf8(join(pieces, length)), bodyAt: at } }
    },
  }
}

function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Status and headers of a streamed response; its length is not known yet. */
export interface StreamHead {
  readonly status: number
  /** `[name, value, …]`. */
  readonly rawHeaders: readonly string[]
}

/**
 * What a front end sends before the bytes of a streamed response, or why it cannot. `prelude` is the
 * JSON of a response that has one; keys that are not known are ignored. A REST API that streams takes
 * none without (AWS, "Lambda proxy integration with payload response streaming").
 */
export function toStreamHead(
  prelude: string | undefined,
  contentType: string,
  request: Pick<HttpRequest, 'requestId' | 'traceId'>,
  { front, streams = false }: Pick<RouteContext, 'front' | 'streams'>,
): Read<StreamHead> {
  if (front === 'rest' && streams && prelude === undefined) {
    return { reason: 'a REST API that streams expects status and headers first, and 8 NUL bytes' }
  }
  const own = readPrelude(prelude, front)
  if ('reason' in own) return own
  const { status, headers } = own.value
  const ownType = contentType === WITH_PRELUDE ? DEFAULT_TYPE : contentType
  const rawHeaders = ['Content-Type', headers.contentType ?? ownType]
  rawHeaders.push(...idHeaders(front, request.requestId), ...headers.raw)
  if (TRACED.has(front)) rawHeaders.push('X-Amzn-Trace-Id', request.traceId)
  return { value: { status, rawHeaders } }
}

const DEFAULT_TYPE = 'application/octet-stream'

type Own = Pick<StreamHead, 'status'> & { readonly headers: ResponseHeaders }

function readPrelude(prelude: string | undefined, front: RouteContext['front']): Read<Own> {
  if (prelude === undefined) return { value: { status: 200, headers: noHeaders() } }
  const json = parse(prelude)
  if (!isObject(json)) {
    return { reason: `the prelude of the stream: expected a JSON object, got: ${show(prelude)}` }
  }
  return front === 'rest' ? readRest(json) : readV2(json, front)
}

function readRest(json: JsonObject): Read<Own> {
  const read = readKnown({ ...json, body: undefined })
  if ('reason' in read) return read
  const reason = addCookies(read.value.headers, json['cookies'], 'rest')
  return reason === undefined ? read : { reason }
}

function readV2(json: JsonObject, front: RouteContext['front']): Read<Own> {
  const status =
    (json['statusCode'] ?? null) === null ? { value: 200 } : readStatus(json['statusCode'])
  if ('reason' in status) return status
  const headers = noHeaders()
  const reason = addResultHeaders(headers, json, front)
  return reason === undefined ? { value: { status: status.value, headers } } : { reason }
}

function noHeaders(): ResponseHeaders {
  return { raw: [], contentType: undefined }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
