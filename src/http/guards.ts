import { apiKeyGuard } from './api-key.ts'
import type { Guards } from './guard.ts'
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

function makeGuards({ api, route }: RouteTarget): Guards {
  return { before: route.apiKeyRequired ? [apiKeyGuard(api)] : [] }
}
