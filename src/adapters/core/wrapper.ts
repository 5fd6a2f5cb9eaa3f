import { gatewayError, toEvent, type HttpRequest } from '../../events/index.ts'
import { streamingOf } from '../../lib/awslambda.ts'
import { Call } from './call.ts'
import { commonContext } from './context.ts'
import { toSettings, type FailureFacts, type LambdaHandler, type LambdaOptions } from './options.ts'
import type { Settings } from './options.ts'
import { createWatch } from './watch.ts'
import type { Reply } from './reply.ts'
import { createRoutes, type Mount, type Routes } from './routes.ts'

/** A request on its way to a handler. */
export interface Arrival<Request = unknown> {
  /** The framework's own. */
  readonly from: Request
  readonly request: HttpRequest
  readonly mount: Mount
  readonly reply: Reply
  /** As the framework has read them from the path. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}

/** A handler made ready to serve, whatever the framework. */
export interface Wrapper<Request> {
  readonly settings: Settings<Request>
  readonly routes: Routes
  run(arrival: Arrival<Request>): void
  /** Answers in place of the handler, and says why to `onError`. */
  refuse(arrival: Arrival, kind: FailureFacts['kind'], error: unknown): void
}

/** @throws {TypeError} for options that no front end has. */
export function createWrapper<Request>(
  handler: LambdaHandler,
  options: LambdaOptions<Request>,
): Wrapper<Request> {
  const settings = toSettings(handler, options)
  const work = {
    handler,
    streaming: streamingOf(handler),
    context: commonContext(settings.functionName),
    timeoutMs: settings.timeoutMs,
    watch: createWatch(settings.timeoutMs),
    refuse: refuse.bind(undefined, settings.onError),
  }
  return {
    settings,
    routes: createRoutes(settings),
    run(arrival) {
      const known = withCaller(arrival, settings.authorizer, work.refuse)
      if (known !== undefined) new Call(work, known).begin(eventOf(known))
    },
    refuse: work.refuse,
  }
}

/** The request with what has been found out of its caller; answered already, where that failed. */
function withCaller<Request>(
  arrival: Arrival<Request>,
  authorizerOf: Settings<Request>['authorizer'],
  refuseIt: Wrapper<Request>['refuse'],
): Arrival | undefined {
  if (authorizerOf === undefined) return arrival
  try {
    const authorizer = authorizerOf(arrival.from)
    if (authorizer === undefined) return arrival
    return { ...arrival, request: { ...arrival.request, caller: { authorizer } } }
  } catch (error) {
    refuseIt(arrival, 'function-error', error)
    return undefined
  }
}

/** The event; its path parameters are the framework's own where AWS's rules find none. */
function eventOf({ request, mount, parameters }: Arrival): unknown {
  const event: object & { pathParameters?: Record<string, string> | null } = toEvent(
    request,
    mount.route,
  )
  if (parameters === undefined) return event
  const isMissing = (event.pathParameters ?? undefined) === undefined && mount.hasParameters
  if ((mount.ownParameters || isMissing) && Object.keys(parameters).length > 0) {
    event.pathParameters = { ...parameters }
  }
  return event
}

function refuse(
  onError: (error: unknown, facts: FailureFacts) => void,
  { request, mount, reply }: Arrival,
  kind: FailureFacts['kind'],
  error: unknown,
): void {
  const { requestId, traceId, method, target } = request
  reply.send(gatewayError(mount.route.front, kind, { requestId, traceId }))
  onError(error, { kind, requestId, method, target })
}
