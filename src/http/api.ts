import type { IncomingMessage, ServerResponse } from 'node:http'
import type { App } from '../model/app.ts'
import { createClientAddress } from './client-address.ts'
import { Exchange, type ApiOptions, type Routes } from './exchange.ts'
import { createGuards } from './guards.ts'
import { withPreflightRoutes } from './preflights.ts'
import { createRouter } from './router.ts'

export type { ApiOptions, RequestFacts } from './exchange.ts'

/** The API listener: user routes and nothing else. */
export interface Api {
  /** Serves these routes from now on; requests that run are not touched. */
  configure(app: App): void
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
}

export function createApi(options: ApiOptions): Api {
  let routes: Routes | undefined
  return {
    configure(app) {
      routes = toRoutes(app, options)
    },
    handle(request, response) {
      if (routes === undefined) return void response.writeHead(503).end()
      new Exchange(options, routes, request, response).answer()
    },
  }
}

function toRoutes(app: App, options: ApiOptions): Routes {
  return {
    app,
    router: createRouter(app.apis.map(withPreflightRoutes)),
    clientAddress: createClientAddress(app.trustedProxies),
    contexts: new Map(),
    guards: createGuards({ awsKeys: [], ...options, app }),
  }
}
