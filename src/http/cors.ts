import { idHeaders } from '../events/gateway-errors.ts'
import type { HttpResponse } from '../events/http.ts'
import type { HttpApi } from '../model/app.ts'
import type { Cors } from '../model/front-rules.ts'
import type { Arrival, Guard, Guards } from './guard.ts'
import { headerOf } from './header.ts'

/**
 * CORS as the front end answers it (http-api-cors.md; Lambda guide, "Cross-origin resource sharing"):
 * preflights by itself, and headers on every answer. An HTTP API's take the place of the function's, a
 * Function URL's stand beside them.
 */
export function corsGuards({
  front,
  cors,
}: HttpApi): { readonly before: Guard; readonly after: NonNullable<Guards['after']> } | undefined {
  if (cors === undefined) return undefined
  return {
    before: (arrival) =>
      isPreflight(arrival) ? { refusal: preflightAnswer(cors, arrival) } : undefined,
    after: (arrival, response) => {
      if (isPreflight(arrival)) return response
      const own = front === 'httpapi' ? withoutCors(response.rawHeaders) : response.rawHeaders
      return { ...response, rawHeaders: [...own, ...answerHeaders(cors, arrival)] }
    },
  }
}

/** What a browser sends before it dares to send the request itself. */
function isPreflight({ method, rawHeaders }: Arrival): boolean {
  return (
    method === 'OPTIONS' &&
    headerOf(rawHeaders, 'origin') !== undefined &&
    headerOf(rawHeaders, 'access-control-request-method') !== undefined
  )
}

/** 204 of an HTTP API, 200 of a Function URL. An origin that is not allowed learns nothing. */
function preflightAnswer(cors: Cors, arrival: Arrival): HttpResponse {
  const { front } = arrival.route.api
  const origin = originFor(cors, arrival)
  const rawHeaders = [...idHeaders(front, arrival.requestId), ...varyOf(cors)]
  if (front !== 'httpapi') rawHeaders.push('Content-Length', '0')
  if (origin !== undefined) {
    rawHeaders.push('Access-Control-Allow-Origin', origin)
    push(rawHeaders, 'Access-Control-Allow-Methods', cors.allowMethods)
    push(rawHeaders, 'Access-Control-Allow-Headers', cors.allowHeaders)
    push(rawHeaders, 'Access-Control-Expose-Headers', cors.exposeHeaders)
    if (cors.allowCredentials) rawHeaders.push('Access-Control-Allow-Credentials', 'true')
    if (cors.maxAgeS !== undefined) rawHeaders.push('Access-Control-Max-Age', String(cors.maxAgeS))
  }
  return { status: front === 'httpapi' ? 204 : 200, rawHeaders, body: '' }
}

function answerHeaders(cors: Cors, arrival: Arrival): string[] {
  const rawHeaders = varyOf(cors)
  const origin = originFor(cors, arrival)
  if (origin === undefined) return rawHeaders
  rawHeaders.push('Access-Control-Allow-Origin', origin)
  if (cors.allowCredentials) rawHeaders.push('Access-Control-Allow-Credentials', 'true')
  push(rawHeaders, 'Access-Control-Expose-Headers', cors.exposeHeaders)
  return rawHeaders
}

/** The origin that may read the answer; undefined where the request has none, or one that may not. */
function originFor({ allowOrigins }: Cors, { rawHeaders }: Arrival): string | undefined {
  const origin = headerOf(rawHeaders, 'origin')
  if (origin === undefined) return undefined
  if (allowOrigins.includes('*')) return '*'
  const isAllowed = allowOrigins.some((allowed) =>
    allowed.endsWith('://*') ? origin.startsWith(allowed.slice(0, -1)) : origin === allowed,
  )
  return isAllowed ? origin : undefined
}

/** Caches must not give one origin's answer to another. */
function varyOf({ allowOrigins }: Cors): string[] {
  return allowOrigins.includes('*') ? [] : ['Vary', 'Origin']
}

function push(rawHeaders: string[], name: string, values: readonly string[]): void {
  if (values.length > 0) rawHeaders.push(name, values.join(','))
}

function withoutCors(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => {
    const name = rawHeaders[i - (i % 2)] ?? ''
    return !name.toLowerCase().startsWith('access-control-')
  })
}
