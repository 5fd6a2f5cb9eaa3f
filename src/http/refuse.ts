import { gatewayError, type RefusalKind } from '../events/index.ts'
import type { Arrival, Verdict } from './guard.ts'

/** Turns a request away, in the words of its front end. `detail` says what is wrong, where those do. */
export function refuse(
  { route, requestId, traceId }: Arrival,
  kind: RefusalKind | 'forbidden-key' | 'throttled',
  detail?: string,
): Extract<Verdict, { refusal: unknown }> {
  const facts = { requestId, traceId, ...(detail === undefined ? {} : { detail }) }
  return { refusal: gatewayError(route.api.front, kind, facts) }
}
