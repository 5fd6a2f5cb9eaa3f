import { albPage } from '../events/alb-errors.ts'
import { gatewayError, toEvent } from '../events/index.ts'
import type { Guard, Guards } from './guard.ts'
import { headerOf } from './header.ts'
import { toRouteContext } from './route-context.ts'
import type { RouteTarget } from './router.ts'

/** What a front end turns away whatever its routes say. */
export function frontChecks(target: RouteTarget): Guards {
  switch (target.api.front) {
    case 'alb':
      return { before: [refuseWebSockets] }
    case 'function-url':
      return { before: [], body: eventSizeGuard(target) }
    case 'rest':
    case 'httpapi':
      return { before: [] }
  }
}

/** A load balancer has no WebSockets for a function (elb guide, "Lambda functions as targets"). */
const refuseWebSockets: Guard = ({ rawHeaders }) => {
  if (headerOf(rawHeaders, 'upgrade')?.toLowerCase().includes('websocket') !== true) {
    return undefined
  }
  const { status, body, contentType } = albPage(400, 'Bad Request')
  const length = String(body.length)
  const headers = ['Content-Type', contentType, 'Content-Length', length]
  return { refusal: { status, rawHeaders: headers, body } }
}

/** Lambda's limit for what a synchronous invoke is given, which a Function URL passes on: 6 MiB. */
const EVENT_BYTES_MAX = 6 * 1024 * 1024

/** An escape makes six bytes of one, and what is not the body is far below this. */
const SURELY_FITS = EVENT_BYTES_MAX / 6 - 64 * 1024

/** The event is made in the function's process; a large one here too, to know how large it is. */
function eventSizeGuard(target: RouteTarget): NonNullable<Guards['body']> {
  const context = toRouteContext('123456789012', target)
  return (arrival, body) => {
    if (body.length <= SURELY_FITS) return undefined
    const payloadBytes = Buffer.byteLength(JSON.stringify(toEvent({ ...arrival, body }, context)))
    if (payloadBytes <= EVENT_BYTES_MAX) return undefined
    const { requestId, traceId } = arrival
    return gatewayError('function-url', 'too-large', { requestId, traceId, payloadBytes })
  }
}
