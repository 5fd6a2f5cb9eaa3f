import './core/shim.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { toHttpRequest } from './core/node-request.ts'
import { nodeToLambda, type ToLambda } from './core/node-to-lambda.ts'
import type { LambdaHandler, LambdaOptions } from './core/options.ts'
import { parsedBodyBytes } from './core/parsed-body.ts'
import { createLimiter, type RateLimitSettings } from './core/rate-limiter.ts'
import type { Mount } from './core/routes.ts'
import { createWrapper } from './core/wrapper.ts'
import { FastifyAnswer } from './core/fastify-answer.ts'

export type { FailureFacts, LambdaHandler, LambdaOptions } from './core/options.ts'
export type { RateLimitSettings } from './core/rate-limiter.ts'
export type { HttpEvent, HttpResult, ToLambda } from './core/node-to-lambda.ts'

/** A route handler of Fastify. */
export type FastifyHandler = (request: FastifyRequest, reply: FastifyReply) => FastifyReply

/**
 * A Lambda handler as a Fastify route: `app.post('/lead/:leadId', lambdaToFastify(postLead))`. What it
 * does and does not do: docs/reference/adapters.md.
 * @throws {TypeError} for options that no front end has.
 */
export function lambdaToFastify(
  handler: LambdaHandler,
  options: LambdaOptions<FastifyRequest> = {},
): FastifyHandler {
  const wrapper = createWrapper<FastifyRequest>(handler, options)
  const mountOf = ({ method, routeOptions, is404 }: FastifyRequest): Mount => {
    const isAll = Array.isArray(routeOptions.method) && routeOptions.method.length > ONE_BY_ONE
    return wrapper.routes.of(isAll ? 'ALL' : method, is404 ? undefined : routeOptions.url)
  }
  return (request, reply) => {
    const arrival = {
      from: request,
      mount: mountOf(request),
      parameters: parametersOf(request),
      reply: new FastifyAnswer(reply),
    }
    const { body, headers } = request
    try {
      const bytes = parsedBodyBytes(body, headers['content-type'])
      wrapper.run({ ...arrival, request: toRequest(request, bytes) })
    } catch (error) {
      const empty = toRequest(request, new Uint8Array(0))
      wrapper.refuse({ ...arrival, request: empty }, 'function-error', error)
    }
    return reply
  }
}

/** A route of more methods than these is one of all of them. */
const ONE_BY_ONE = 5

function toRequest(request: FastifyRequest, bytes: Uint8Array): ReturnType<typeof toHttpRequest> {
  const wasParsed = !(request.body instanceof Uint8Array)
  return toHttpRequest(request.raw, { bytes, wasParsed }, request.ip)
}

function parametersOf({ params }: FastifyRequest): Record<string, string> {
  const { '*': proxy, ...named } = (params ?? {}) as Record<string, string>
  return proxy === undefined ? named : { ...named, proxy }
}

/** A Fastify app as a Lambda handler; no port is opened. It rejects where the app cuts the connection. */
export function fastifyToLambda(app: {
  ready(): PromiseLike<unknown>
  routing(request: IncomingMessage, response: ServerResponse): void
}): ToLambda {
  return nodeToLambda(async (request, response) => {
    await app.ready()
    app.routing(request, response)
  })
}

/** A hook for `onRequest` or `preHandler`, of a route or an app. */
export interface RateLimitHook {
  (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined>
  /** Ends the connection to Redis, where there is one. */
  close(): void
}

/**
 * A token bucket before a route: `rate` a second, `burst` at once. What is over it gets the front
 * end's 429 with `Retry-After`. In memory, or on Redis where one is given.
 * @throws {SpillwayError} SPILLWAY_USAGE for a rate, burst or Redis URL that is none, or without
 *   `ioredis` where `redis` is given.
 */
export function rateLimit(settings: RateLimitSettings<FastifyRequest>): RateLimitHook {
  const limiter = createLimiter(settings)
  const hook = async (request: FastifyRequest, reply: FastifyReply) => {
    const refusal = await limiter.refusalOf(request)
    if (refusal === undefined) return undefined
    new FastifyAnswer(reply).send(refusal)
    return reply
  }
  return Object.assign(hook, { close: () => limiter.close() })
}
