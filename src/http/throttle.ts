import { gatewayError } from '../events/index.ts'
import type { RateLimit, Rates, RateVerdict } from '../rates/index.ts'
import type { Arrival, Guard, Verdict } from './guard.ts'
import type { RouteTarget } from './router.ts'

const ROUTE_RATE: Refused = { limit: 'route', kind: 'rate-limited' }

/** Keeps a route to its rate: one bucket for all who call it. None where it has no throttle. */
export function throttleGuards({ api, route }: RouteTarget, rates: Rates): Guard[] {
  if (route.throttle === undefined) return []
  const name = `${api.id} ${api.stage} ${route.method} ${route.path}`
  const limit = rates.throttle(name, route.throttle)
  return [(arrival) => askLimit(limit, '', (late) => refuse(arrival, ROUTE_RATE, late))]
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

/** What was in the way: whose limit it is, and which. */
export interface Refused {
  readonly limit: 'route' | 'usage-plan'
  readonly kind: 'rate-limited' | 'over-quota'
}

/** The front end's 429, and in headers of ours what tells it from that of a concurrency limit. */
export function refuse(
  { route: { api }, requestId, traceId }: Arrival,
  { limit, kind }: Refused,
  retryAfterMs: number,
): Verdict {
  const retryAfterS = Math.max(1, Math.ceil(retryAfterMs / 1000))
  const answer = gatewayError(api.front, kind, { requestId, traceId, retryAfterS })
  const own = [
    'x-spillway-handler-started',
    '0',
    'x-spillway-error-class',
    'throttle',
    'x-spillway-limit',
    limit,
    'x-spillway-reason',
    kind === 'over-quota' ? 'quota' : 'rate',
  ]
  return { refusal: { ...answer, rawHeaders: [...answer.rawHeaders, ...own] } }
}
