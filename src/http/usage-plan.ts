import { createHash } from 'node:crypto'
import type { HttpApi } from '../model/app.ts'
import type { UsagePlan } from '../model/front-rules.ts'
import type { RateLimit, Rates } from '../rates/index.ts'
import type { Guard } from './guard.ts'
import { headerOf } from './header.ts'
import { askLimit, refuse, type Refused } from './throttle.ts'

/**
 * Keep each API key to the throttle and the quota of its usage plan, on all routes of the plan
 * together. The throttle comes first: what it turns away does not use up the quota.
 */
export function usagePlanGuards({ usagePlans = [] }: HttpApi, rates: Rates): Guard[] {
  const throttles = new Map<string, KeyLimit>()
  const quotas = new Map<string, KeyLimit>()
  for (const plan of usagePlans) {
    const { throttle, quota } = limitsOf(plan, rates)
    for (const { value } of plan.keys) {
      const id = idOf(value)
      if (throttle !== undefined) throttles.set(value, { limit: throttle, id })
      if (quota !== undefined) quotas.set(value, { limit: quota, id })
    }
  }
  return [
    ...(throttles.size === 0 ? [] : [guardOf(throttles, 'rate-limited')]),
    ...(quotas.size === 0 ? [] : [guardOf(quotas, 'over-quota')]),
  ]
}

interface KeyLimit {
  readonly limit: RateLimit
  readonly id: string
}

function limitsOf(
  { name, throttle, quota }: UsagePlan,
  rates: Rates,
): { throttle?: RateLimit; quota?: RateLimit } {
  return {
    ...(throttle === undefined ? {} : { throttle: rates.throttle(`plan ${name}`, throttle) }),
    ...(quota === undefined ? {} : { quota: rates.quota(`plan ${name}`, quota) }),
  }
}

/** Behind the guard of API keys: who has none has not come this far. */
function guardOf(limits: ReadonlyMap<string, KeyLimit>, kind: Refused['kind']): Guard {
  return (arrival) => {
    const known = limits.get(headerOf(arrival.rawHeaders, 'x-api-key') ?? '')
    if (known === undefined) return undefined
    return askLimit(known.limit, known.id, (late) =>
      refuse(arrival, { limit: 'usage-plan', kind }, late),
    )
  }
}

/** Names a key on Redis, where it must not be found itself. */
function idOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url').slice(0, 22)
}
