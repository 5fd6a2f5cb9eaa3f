import './core/shim.ts'
import type { Context, Handler, MiddlewareHandler } from 'hono'
import { toEventRequest, type HttpEvent } from './core/event-request.ts'
import { toHttpResult, type HttpResult } from './core/event-result.ts'
import { HonoAnswer, toFetchResponse } from './core/hono-answer.ts'
import { toHonoRequest } from './core/hono-request.ts'
import type { LambdaHandler, LambdaOptions } from './core/options.ts'
import { createLimiter, type RateLimitSettings } from './core/rate-limiter.ts'
import type { Mount, Routes } from './core/routes.ts'
import { createWrapper } from './core/wrapper.ts'

export type { FailureFacts, LambdaHandler, LambdaOptions } from './core/options.ts'
export type { RateLimitSettings } from './core/rate-limiter.ts'
export type { HttpEvent } from './core/event-request.ts'
export type { HttpResult } from './core/event-result.ts'

/**
 * A Lambda handler as a Hono route: `app.post('/lead/:leadId', lambdaToHono(postLead))`. What it does
 * and does not do: docs/reference/adapters.md.
 * @throws {TypeError} for options that no front end has.
 */
export function lambdaToHono(
  handler: LambdaHandler,
  options: LambdaOptions<Context> = {},
): Handler {
  const wrapper = createWrapper<Context>(handler, options)
  const { bodyBytesMax } = wrapper.settings
  return async (context) => {
    const body = await readBody(context)
    return await new Promise<Response>((resolve) => {
      const arrival = {
        from: context,
        request: toHonoRequest(context, body),
        mount: mountOf(wrapper.routes, context),
        parameters: context.req.param(),
        reply: new HonoAnswer(context, resolve),
      }
      if (body.length <= bodyBytesMax) wrapper.run(arrival)
      else wrapper.refuse(arrival, 'too-large', new Error(`a body of ${body.length} bytes`))
    })
  }
}

/** Not by `hono/route`: that knows the requests of its own copy of Hono alone. */
function mountOf(routes: Routes, { req }: Context): Mount {
  const route = req.matchedRoutes[req.routeIndex]
  return routes.of(route?.method === 'ALL' ? 'ALL' : req.method, route?.path)
}

const NOTHING = new Uint8Array(0)

/** As sent; and as Hono has kept it, where middleware has read it. */
async function readBody({ req }: Context): Promise<Uint8Array> {
  if (req.method === 'GET' || req.method === 'HEAD') return NOTHING
  return new Uint8Array(await req.arrayBuffer())
}

/**
 * A Hono app as a Lambda handler. The app finds event and context in `c.env.event` and
 * `c.env.lambdaContext`, as with Hono's own adapter.
 */
export function honoToLambda(app: {
  fetch(request: Request, env: object): Response | Promise<Response>
}): (event: HttpEvent, context?: object) => Promise<HttpResult> {
  return async (event, lambdaContext) => {
    const { kind, method, target, rawHeaders, body, isTls } = toEventRequest(event)
    const headers = new Headers()
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '')
    }
    const url = `${isTls ? 'https' : 'http'}://${headers.get('host') ?? 'localhost'}${target}`
    const sent = method === 'GET' || method === 'HEAD' ? null : new Uint8Array(body)
    const request = new Request(url, { method, headers, body: sent })
    const response = await app.fetch(request, { event, lambdaContext })
    return toHttpResult(kind, {
      status: response.status,
      rawHeaders: [...response.headers].flat(),
      body: new Uint8Array(await response.arrayBuffer()),
    })
  }
}

/** Hono middleware. */
export type RateLimitMiddleware = MiddlewareHandler & {
  /** Ends the connection to Redis, where there is one. */
  close(): void
}

/**
 * A token bucket before a route: `rate` a second, `burst` at once. What is over it gets the front
 * end's 429 with `Retry-After`. In memory, or on Redis where one is given.
 * @throws {SpillwayError} SPILLWAY_USAGE for a rate, burst or Redis URL that is none, or without
 *   `ioredis` where `redis` is given.
 */
export function rateLimit(settings: RateLimitSettings<Context>): RateLimitMiddleware {
  const limiter = createLimiter(settings)
  const middleware: MiddlewareHandler = async (context, next) => {
    const refusal = await limiter.refusalOf(context)
    if (refusal !== undefined) return toFetchResponse(context, refusal)
    await next()
    return undefined
  }
  return Object.assign(middleware, { close: () => limiter.close() })
}
