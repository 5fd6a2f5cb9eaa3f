import type { IncomingMessage, ServerResponse } from 'node:http'
import { Deadlines } from '../lib/deadlines.ts'
import type { Front } from '../lib/listen.ts'
import { functionArn } from '../model/arn.ts'
import type { App } from '../model/app.ts'
import { createClientAddress } from './client-address.ts'
import { Exchange, type ApiOptions, type Routes } from './exchange.ts'
import { createFront } from './front/front.ts'
import { createGuards } from './guards.ts'
import { withPreflightRoutes } from './preflights.ts'
import { nodeTurn } from './node-turn.ts'
import { createRouter } from './router.ts'
import type { Turn } from './turn.ts'

export type { ApiOptions, RequestFacts } from './exchange.ts'

/** The API listener: user routes and nothing else. */
export interface Api {
  /** Serves these routes from now on; requests that run are not touched. */
  configure(app: App): void
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
  /** Serves most connections faster than `handle`, which serves the others. */
  readonly front: Front
}

export function createApi(options: ApiOptions): Api {
  const shared = { ...options, deadlines: new Deadlines(options.clock) }
  let routes: Routes | undefined
  const answer = (turn: Turn): void => {
    if (routes !== undefined) return new Exchange(shared, routes, turn).answer()
    turn.send({ status: 503, rawHeaders: ['Content-Length', '0'], body: '' }, true)
  }
  return {
    configure(app) {
      routes = toRoutes(app, options)
    },
    handle: (request, response) => answer(nodeTurn(request, response)),
    front: createFront({ clock: options.clock, answer }),
  }
}

function toRoutes(app: App, options: ApiOptions): Routes {
  return {
    app,
    router: createRouter(app.apis.map(withPreflightRoutes)),
    clientAddress: createClientAddress(app.trustedProxies),
    contexts: new Map(),
    guards: createGuards({ awsKeys: [], ...options, app }),
    arnOf: arnsOf(app),
  }
}

/** Made once for each function. */
function arnsOf({ apis, region, accountId }: App): (functionName: string) => string {
  const names = apis.flatMap(({ routes }) => routes.map(({ functionName }) => functionName))
  const arns = new Map(names.map((name) => [name, functionArn(region, accountId, name)]))
  return (name) => arns.get(name) ?? functionArn(region, accountId, name)
}
