import { gatewayError } from '../events/index.ts'
import type { HttpApi } from '../model/app.ts'
import { apiKeyGuard } from './api-key.ts'
import { frontChecks } from './front-checks.ts'
import type { Guard, Guards } from './guard.ts'
import type { RouteTarget } from './router.ts'

/** The checks of each route, in the order in which they are made; worked out once a route. */
export type GuardsOf = (target: RouteTarget) => Guards

export function createGuards(): GuardsOf {
  const known = new Map<RouteTarget, Guards>()
  return (target) => {
    const made = known.get(target)
    if (made !== undefined) return made
    const guards = makeGuards(target)
    known.set(target, guards)
    return guards
  }
}

function makeGuards(target: RouteTarget): Guards {
  const { api, route } = target
  const own = frontChecks(target)
  return {
    ...own,
    before: [
      ...own.before,
      ...(route.apiKeyRequired ? [apiKeyGuard(api)] : []),
      ...(route.authorizer === undefined ? [] : [closed(api)]),
    ],
  }
}

/** A check that cannot be made lets nobody in. */
function closed({ front }: HttpApi): Guard {
  return ({ requestId, traceId }) => {
    return { refusal: gatewayError(front, 'forbidden-key', { requestId, traceId }) }
  }
}
