import { fromAlbResult } from './alb-result.ts'
import { toAlbEvent, type AlbEvent } from './alb.ts'
import { gatewayError } from './gateway-errors.ts'
import { fromHttpApiResult, fromHttpApiV1Result } from './http-v2-result.ts'
import { toFunctionUrlEvent, toHttpApiEvent, type HttpApiEvent } from './http-v2.ts'
import { toHttpApiV1Event, type HttpApiV1Event } from './http-v1.ts'
import type { HttpRequest, RouteContext, TranslatedResult } from './http.ts'
import { byteLength } from './bytes.ts'
import { toStreamHead } from './stream-prelude.ts'
import { fromRestResult } from './rest-v1-result.ts'
import { toRestEvent, type RestEvent } from './rest-v1.ts'

export type {
  CallerFacts,
  HttpRequest,
  HttpResponse,
  RouteContext,
  TranslatedResult,
} from './http.ts'
export { createPreludeReader, toStreamHead, WITH_PRELUDE } from './stream-prelude.ts'
export type { PreludeReader, StreamHead } from './stream-prelude.ts'
export { gatewayError } from './gateway-errors.ts'
export type { GatewayErrorFacts, GatewayErrorKind, RefusalKind } from './gateway-errors.ts'
export type { AlbEvent, HttpApiEvent, HttpApiV1Event, RestEvent }
export { fromAlbResult, fromHttpApiResult, fromHttpApiV1Result, fromRestResult }
export { toAlbEvent, toFunctionUrlEvent, toHttpApiEvent, toHttpApiV1Event, toRestEvent }

/** The event a function receives for a request, in the shape its front end gives. Never throws. */
export function toEvent(
  request: HttpRequest,
  route: RouteContext,
): RestEvent | HttpApiEvent | HttpApiV1Event | AlbEvent {
  switch (route.front) {
    case 'rest':
      return toRestEvent(request, route)
    case 'function-url':
      return toFunctionUrlEvent(request, route)
    case 'alb':
      return toAlbEvent(request, route)
    case 'httpapi':
      return route.payload === '1.0'
        ? toHttpApiV1Event(request, route)
        : toHttpApiEvent(request, route)
  }
}

/**
 * The response of the front end to what the handler returned, or why it would call that malformed.
 * @throws {TypeError} when the result is no JSON (a BigInt, a circle), as the runtime would.
 */
export function fromResult(
  result: unknown,
  request: HttpRequest,
  route: RouteContext,
): TranslatedResult {
  if (route.streams === true) return notStreamed(result, request, route)
  switch (route.front) {
    case 'rest':
      return fromRestResult(result, request, route)
    case 'alb':
      return fromAlbResult(result, request, route)
    case 'httpapi':
      if (route.payload === '1.0') return fromHttpApiV1Result(result, request, route)
      return fromHttpApiResult(result, request, route)
    case 'function-url':
      return fromHttpApiResult(result, request, route)
  }
}

/**
 * Where a front end streams, it reads no result. To a Function URL even `statusCode` and the like are
 * body; a REST API answers 500 (AWS, "Lambda proxy integration with payload response streaming").
 */
function notStreamed(result: unknown, request: HttpRequest, route: RouteContext): TranslatedResult {
  if (route.front === 'rest') {
    return { ok: true, response: gatewayError('rest', 'undecodable', request) }
  }
  const body = JSON.stringify(result) ?? 'null'
  const head = toStreamHead(undefined, 'application/json', request, route)
  if ('reason' in head) return { ok: false, reason: head.reason }
  const { status, rawHeaders } = head.value
  const length = ['Content-Length', String(byteLength(body))]
  return { ok: true, response: { status, rawHeaders: [...rawHeaders, ...length], body } }
}
