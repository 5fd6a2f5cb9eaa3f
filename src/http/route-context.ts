import type { RouteContext } from '../events/http.ts'
import type { RouteTarget } from './router.ts'

/** What of a route stands in its events. Make it once a route: its identity is what is remembered. */
export function toRouteContext(accountId: string, { api, route }: RouteTarget): RouteContext {
  return {
    front: api.front,
    payload: api.payload,
    accountId,
    apiId: api.id,
    stage: api.stage,
    stageVariables: api.stageVariables,
    binaryMediaTypes: api.binaryMediaTypes,
    method: route.method,
    path: route.path,
    apiKeyRequired: route.apiKeyRequired,
    ...(api.responseMode === 'stream' ? { streams: true } : {}),
  }
}
