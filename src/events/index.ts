import { fromHttpApiResult, fromHttpApiV1Result } from './http-v2-result.ts'
import { toFunctionUrlEvent, toHttpApiEvent, type HttpApiEvent } from './http-v2.ts'
import { toHttpApiV1Event, type HttpApiV1Event } from './http-v1.ts'
import type { HttpRequest, RouteContext, TranslatedResult } from './http.ts'
import { fromRestResult } from './rest-v1-result.ts'
import { toRestEvent, type RestEvent } from './rest-v1.ts'

export type { HttpRequest, HttpResponse, RouteContext, TranslatedResult } from './http.ts'
export { gatewayError } from './gateway-errors.ts'
export type { GatewayErrorFacts, GatewayErrorKind } from './gateway-errors.ts'
export type { HttpApiEvent, HttpApiV1Event, RestEvent }
export { fromHttpApiResult, fromHttpApiV1Result, fromRestResult }
export { toFunctionUrlEvent, toHttpApiEvent, toHttpApiV1Event, toRestEvent }

/** The event a function receives for a request, in the shape its front end gives. Never throws. */
export function toEvent(
  request: HttpRequest,
  route: RouteContext,
): RestEvent | HttpApiEvent | HttpApiV1Event {
  if (route.front === 'rest') return toRestEvent(request, route)
  if (route.front === 'function-url') return toFunctionUrlEvent(request, route)
  return route.payload === '1.0' ? toHttpApiV1Event(request, route) : toHttpApiEvent(request, route)
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
  if (route.front === 'rest') return fromRestResult(result, request, route)
  if (route.front === 'httpapi' && route.payload === '1.0') {
    return fromHttpApiV1Result(result, request, route)
  }
  return fromHttpApiResult(result, request, route)
}
