import type { RouteContext } from './http.ts'
import { stableId } from './ids.ts'
import type { StringMap } from './maps.ts'
import { parseTemplate, type PathTemplate } from './path.ts'

/** What follows from a route alone, worked out once. */
export interface PreparedRoute {
  readonly template: PathTemplate
  /** `GET /lead/{leadId}`, or `$default`. */
  readonly routeKey: string
  readonly resourceId: string
  readonly deploymentId: string
  readonly hasStageVariables: boolean
}

const prepared = new WeakMap<RouteContext, PreparedRoute>()

/** Remembers by identity: pass the same `RouteContext` object for every request of a route. */
export function prepare(route: RouteContext): PreparedRoute {
  const known = prepared.get(route)
  if (known !== undefined) return known
  const isDefault = route.path === '$default'
  const made: PreparedRoute = {
    template: parseTemplate(isDefault ? '' : route.path),
    routeKey: isDefault ? '$default' : `${route.method} ${route.path}`,
    resourceId: stableId(`${route.apiId} ${route.path}`, 6),
    deploymentId: stableId(`${route.apiId} ${route.stage}`, 6),
    hasStageVariables: Object.keys(route.stageVariables).length > 0,
  }
  prepared.set(route, made)
  return made
}

/** The stage's variables, or undefined without any; a copy, because the event is the handler's. */
export function stageVariables(route: RouteContext): StringMap | undefined {
  return prepare(route).hasStageVariables ? { ...route.stageVariables } : undefined
}

/** The last host that was asked for: an API has few. */
let cachedHost = ''
let cachedPrefix = ''

/** The first label of a domain, without a port. */
export function domainPrefix(host: string): string {
  if (host !== cachedHost) {
    const end = host.search(/[.:]/)
    cachedPrefix = end === -1 ? host : host.slice(0, end)
    cachedHost = host
  }
  return cachedPrefix
}
