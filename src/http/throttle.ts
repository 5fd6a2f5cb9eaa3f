import { gatewayError } from '../events/index.ts'
import type { RateLimit, Rates, RateVerdict } from '../rates/index.ts'
import type { Arrival, Guard, Verdict } from './guard.ts'
import type { RouteTarget } from './router.ts'

/** Keeps a route to its rate: one bucket for all who call it. None where it has no throttle. */
export function throttleGuards({ api, route }: RouteTarget, rates: Rates): Guard[] {
  if (route.throttle === undefined) return []
  const name = `${api.id} ${api.stage} ${route.method} ${route.path}`
  const limit = rates.throttle(name, route.throttle)
  return [(arrival) => askLimit(limit, '', (late) => refuse(arrival, 'rate-limited', late))]
}

/** Asks a limit about one request of a key; at once where the limit answers at once. */
export function askLimit(
  limit: RateLimit,
  key: string,
  refusal: (retryAfterMs: number) => Verdict,
): Verdict | undefined | Promise<Verdict | undefined> {
  const toVerdict = (verdict: RateVerdict): Verdict | undefined =>
    verdict.allowed ? undefined : refusal(verdict.retryAfterMs)
  const answer = limit.consume(key)
  return answer instanceof Promise ? answer.then(toVerdict) : toVerdict(answer)
}

/** The front end's 429. */
export function refuse(
  { route: { api }, requestId, traceId }: Arrival,
  kind: 'rate-limited' | 'over-quota',
  retryAfterMs: number,
): Verdict {
  const retryAfterS = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return { refusal: gatewayError(api.front, kind, { requestId, traceId, retryAfterS }) }
}
