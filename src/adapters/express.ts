import './core/shim.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serveNode } from './core/node-adapter.ts'
import type { NodeRequest } from './core/node-request.ts'
import type { LambdaHandler, LambdaOptions } from './core/options.ts'
import type { Mount } from './core/routes.ts'
import { createWrapper } from './core/wrapper.ts'

export type { FailureFacts, LambdaHandler, LambdaOptions } from './core/options.ts'
export type { RateLimitSettings } from './core/rate-limiter.ts'
export { rateLimit, type RateLimitMiddleware } from './core/node-rate-limit.ts'
export { nodeToLambda as expressToLambda } from './core/node-to-lambda.ts'
export type { HttpEvent, HttpResult, ToLambda } from './core/node-to-lambda.ts'

/** Express's request handler, of version 4 or 5. */
export type ExpressHandler = (request: IncomingMessage, response: ServerResponse) => void

/** What of Express's request is read here; the same in versions 4 and 5. */
interface ExpressRequest extends NodeRequest {
  readonly baseUrl?: string
  readonly params?: Readonly<Record<string, string | readonly string[]>>
  readonly route?: { readonly path?: unknown; readonly methods?: Readonly<Record<string, boolean>> }
}

/**
 * A Lambda handler as an Express route: `app.post('/lead/:leadId', lambdaToExpress(postLead))`. What
 * it does and does not do: docs/reference/adapters.md.
 * @throws {TypeError} for options that no front end has.
 */
export function lambdaToExpress(
  handler: LambdaHandler,
  options: LambdaOptions<IncomingMessage> = {},
): ExpressHandler {
  const wrapper = createWrapper<IncomingMessage>(handler, options)
  let last: { readonly route: object; readonly base: string; readonly mount: Mount } | undefined
  const mountOf = ({ route, baseUrl: base = '', method = 'GET' }: ExpressRequest): Mount => {
    if (last !== undefined && last.route === route && last.base === base) return last.mount
    const methods = Object.keys(route?.methods ?? {})
    const isAll = methods.includes('_all') || methods.length > ONE_BY_ONE
    const mount = wrapper.routes.of(isAll ? 'ALL' : method, patternOf(route, base))
    // Where several methods share a route, the next request may have another one.
    const isSame = isAll || (methods.length === 1 && method !== 'HEAD')
    if (route !== undefined && isSame) last = { route, base, mount }
    return mount
  }
  return (request: ExpressRequest, response) => {
    const mount = mountOf(request)
    serveNode(wrapper, { request, response, mount, parameters: parametersOf(request) })
  }
}

/** A route of more methods than these is one of all of them, as `app.all` makes it. */
const ONE_BY_ONE = 5

function patternOf(route: ExpressRequest['route'], base: string): string | undefined {
  if (route === undefined) return base === '' ? undefined : `${base}/*`
  // A regular expression, or a list of paths: neither is a pattern.
  return typeof route.path === 'string' ? `${base}${route.path}` : `${base}/(`
}

/** Express 5 gives a wildcard as its segments, Express 4 as a number. */
function parametersOf({ params }: ExpressRequest): Record<string, string> | undefined {
  if (params === undefined) return undefined
  const parameters: Record<string, string> = {}
  for (const [name, value] of Object.entries(params)) {
    parameters[name === '0' ? 'proxy' : name] = typeof value === 'string' ? value : value.join('/')
  }
  return parameters
}
