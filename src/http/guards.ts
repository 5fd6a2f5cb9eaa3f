import type { AwsKey } from '../auth/aws-keys.ts'
import type { Invoker } from '../invoke/invocation.ts'
import type { Clock } from '../lib/clock.ts'
import type { App } from '../model/app.ts'
import type { Rates } from '../rates/index.ts'
import { apiKeyGuard } from './api-key.ts'
import { createAuthorize, type AuthorizerGuards } from './authorize.ts'
import { corsGuards } from './cors.ts'
import { frontChecks } from './front-checks.ts'
import type { BodyGuard, Guards } from './guard.ts'
import { preflightGuard } from './preflights.ts'
import type { RouteTarget } from './router.ts'
import { throttleGuards } from './throttle.ts'
import { usagePlanGuards } from './usage-plan.ts'
import { parametersGuard, schemaGuard } from './validate.ts'

/** The checks of each route, in the order in which they are made; worked out once a route. */
export type GuardsOf = (target: RouteTarget) => Guards

/** What guards are made of. */
export interface GuardParts {
  readonly app: App
  /** Asks the functions of authorizers. */
  readonly invoker: Invoker
  readonly clock: Clock
  /** Keeps routes and API keys to their rates. */
  readonly rates: Rates
  /** Who may sign requests. */
  readonly awsKeys: readonly AwsKey[]
  /** Told in a sentence when requests are turned away through nobody's fault of theirs. */
  readonly onTrouble?: (sentence: string) => void
}

/** The guards of all routes of an App. */
export function createGuards(parts: GuardParts): GuardsOf {
  const known = new Map<RouteTarget, Guards>()
  const authorize = createAuthorize(parts)
  return (target) => {
    const made = known.get(target)
    if (made !== undefined) return made
    const guards = makeGuards(target, authorize(target), parts.rates)
    known.set(target, guards)
    return guards
  }
}

/**
 * In this order: what the front end turns away anyway, the route's throttle, CORS, the authorizer, the
 * API key and its usage plan, validation. A preflight is answered before anybody is asked who it is.
 */
function makeGuards(target: RouteTarget, authorizer: AuthorizerGuards, rates: Rates): Guards {
  const { api, route } = target
  const front = frontChecks(target)
  const cors = corsGuards(api)
  const { validation } = route
  const bodyGuards = present([
    front.body,
    authorizer.body,
    validation === undefined ? undefined : schemaGuard(validation),
  ])
  return {
    before: present([
      ...front.before,
      ...throttleGuards(target, rates),
      cors?.before,
      preflightGuard(api, route),
      authorizer.before,
      ...(route.apiKeyRequired ? [apiKeyGuard(api), ...usagePlanGuards(api, rates)] : []),
      validation === undefined ? undefined : parametersGuard(validation),
    ]),
    ...(bodyGuards.length === 0 ? {} : { body: inTurn(bodyGuards) }),
    ...(cors === undefined ? {} : { after: cors.after }),
  }
}

function present<T>(list: readonly (T | undefined)[]): T[] {
  return list.filter((each) => each !== undefined)
}

/** The first that refuses has the word. */
function inTurn(guards: readonly BodyGuard[]): BodyGuard {
  return (arrival, body) => {
    for (const guard of guards) {
      const refusal = guard(arrival, body)
      if (refusal !== undefined) return refusal
    }
  }
}
