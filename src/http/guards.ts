import type { Rates } from '../rates/index.ts'
import { gatewayError } from '../events/index.ts'
import type { HttpApi } from '../model/app.ts'
import { apiKeyGuard } from './api-key.ts'
import { frontChecks } from './front-checks.ts'
import type { Guard, Guards } from './guard.ts'
import type { RouteTarget } from './router.ts'
import { throttleGuards } from './throttle.ts'
import { usagePlanGuards } from './usage-plan.ts'

/** The checks of each route, in the order in which they are made; worked out once a route. */
export type GuardsOf = (target: RouteTarget) => Guards

export function createGuards(rates: Rates): GuardsOf {
  const known = new Map<RouteTarget, Guards>()
  return (target) => {
    const made = known.get(target)
    if (made !== undefined) return made
    const guards = makeGuards(target, rates)
    known.set(target, guards)
    return guards
  }
}

function makeGuards(target: RouteTarget, rates: Rates): Guards {
  const { api, route } = target
  const own = frontChecks(target)
  return {
    ...own,
    before: [
      ...own.before,
      ...throttleGuards(target, rates),
      ...(route.apiKeyRequired ? [apiKeyGuard(api), ...usagePlanGuards(api, rates)] : []),
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
