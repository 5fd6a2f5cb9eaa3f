import { matchesGlob } from '../auth/glob.ts'
import { gatewayError } from '../events/index.ts'
import { idHeaders } from '../events/gateway-errors.ts'
import type { HttpApi, HttpRoute } from '../model/app.ts'
import type { Preflight } from '../model/front-rules.ts'
import type { Guard } from './guard.ts'
import { headerOf } from './header.ts'

/** Whose routes no function is behind. */
const NOBODY = ''

/**
 * An API with a route for each preflight that it answers itself. A REST API has an OPTIONS method for
 * it at some paths, unless a function has one there already. An HTTP API or Function URL with CORS answers OPTIONS
 * wherever it has no route.
 */
export function withPreflightRoutes(api: HttpApi): HttpApi {
  const extra = (api.preflights ?? []).map(({ path }) => preflightRoute(path))
  const hasDefault = api.routes.some(({ path }) => path === '$default')
  if (api.cors !== undefined && !hasDefault) extra.push(preflightRoute('$default'))
  return extra.length === 0 ? api : { ...api, routes: [...api.routes, ...extra] }
}

function preflightRoute(path: string): HttpRoute {
  const place = { file: '', line: 1, column: 1 }
  const route = { method: 'OPTIONS', path, functionName: NOBODY, timeoutMs: 0 }
  return { ...route, apiKeyRequired: false, place }
}

/** The guard that answers for such a route; undefined for a route of a function. */
export function preflightGuard(api: HttpApi, route: HttpRoute): Guard | undefined {
  if (route.functionName !== NOBODY) return undefined
  const preflight = api.preflights?.find(({ path }) => path === route.path)
  return ({ rawHeaders, requestId }) => {
    if (preflight === undefined)
      return { refusal: gatewayError(api.front, 'not-found', { requestId }) }
    const headers = ['Content-Type', 'application/json', 'Content-Length', '0']
    const ids = idHeaders(api.front, requestId)
    const own = withOrigin(preflight, headerOf(rawHeaders, 'origin'))
    return {
      refusal: { status: preflight.status, rawHeaders: [...headers, ...ids, ...own], body: '' },
    }
  }
}

/** Of several origins the one that asks is named, where it is among them; else what stands there. */
function withOrigin({ rawHeaders, origins = [] }: Preflight, origin: string | undefined): string[] {
  const isKnown = origin !== undefined && origins.some((allowed) => matchesGlob(allowed, origin))
  return rawHeaders.map((each, i) =>
    isKnown && rawHeaders[i - 1] === 'Access-Control-Allow-Origin' && i % 2 === 1 ? origin : each,
  )
}
