import type { HttpApi, HttpRoute } from '../model/app.ts'
import { createPathRouter, type PathRouter } from './path-router.ts'

/** Where a request goes. The same object for every request of a route. */
export interface RouteTarget {
  readonly api: HttpApi
  readonly route: HttpRoute
}

/** No route; and which kind of front end is to say so. */
export interface RouteMiss {
  readonly miss: HttpApi['front']
}

/** A request, as far as it decides where it goes. */
export interface Asked {
  /** In upper case. */
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
  /** Without its `?`. */
  readonly query?: string
  readonly host?: string | undefined
  /** `[name, value, …]`. */
  readonly rawHeaders?: readonly string[]
  /** The client's address. */
  readonly sourceIp?: () => string
}

/** Finds routes. */
export interface Router {
  match(asked: Asked): RouteTarget | RouteMiss
}

/**
 * A router over all APIs of a listener. AWS gives each a domain whose first label is its id: a host
 * name that begins with an id leads to that API alone, any other to all of them by path.
 */
export function createRouter(apis: readonly HttpApi[]): Router {
  const targets = targetsOf(apis)
  const all = createPathRouter(apis, targets)
  const byId = Map.groupBy(targets, ({ api }) => api.id)
  const alone = new Map<string, PathRouter>()
  return {
    match(asked) {
      const id = byId.size > 1 ? firstLabel(asked.host) : undefined
      const own = id === undefined ? undefined : byId.get(id)
      if (id === undefined || own === undefined) return all.match(asked)
      let router = alone.get(id)
      if (router === undefined) alone.set(id, (router = createPathRouter(apisOf(own), own)))
      return router.match(asked)
    },
  }
}

function targetsOf(apis: readonly HttpApi[]): RouteTarget[] {
  return apis.flatMap((api) => api.routes.map((route) => ({ api, route })))
}

function apisOf(targets: readonly RouteTarget[]): HttpApi[] {
  return [...new Set(targets.map(({ api }) => api))]
}

/** Of `id.example.com:3000`; undefined where there is no dot after it. */
function firstLabel(host: string | undefined): string | undefined {
  const dot = host?.indexOf('.') ?? -1
  return dot === -1 ? undefined : host?.slice(0, dot).toLowerCase()
}
