import './core/shim.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gatewayError } from '../events/index.ts'
import {
  afterStage,
  matchTemplate,
  parseTemplate,
  splitTarget,
  type PathTemplate,
} from '../events/path.ts'
import { serveNode } from './core/node-adapter.ts'
import { NodeReply } from './core/node-reply.ts'
import { toHttpRequest } from './core/node-request.ts'
import type { LambdaHandler, LambdaOptions, Settings } from './core/options.ts'
import { toRouteContext, type Mount } from './core/routes.ts'
import { createWrapper } from './core/wrapper.ts'

export type { FailureFacts, LambdaHandler, LambdaOptions } from './core/options.ts'
export type { RateLimitSettings } from './core/rate-limiter.ts'
export { rateLimit, type RateLimitMiddleware } from './core/node-rate-limit.ts'
export { nodeToLambda } from './core/node-to-lambda.ts'
export type { HttpEvent, HttpResult, ToLambda } from './core/node-to-lambda.ts'

/** A request listener of `node:http`; with `next`, middleware as Connect has it. */
export type NodeListener = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: () => void,
) => void

export interface NodeOptions extends LambdaOptions<IncomingMessage> {
  /** As in a manifest: `POST /lead/{leadId}`. Default: every request. */
  readonly route?: string
}

/**
 * A Lambda handler as a request listener: `createServer(lambdaToNode(postLead))`. With a `route` it
 * serves that alone: what does not fit goes to `next`, or is answered as the front end does.
 * @throws {TypeError} for options that no front end has, and a route that is none.
 */
export function lambdaToNode(handler: LambdaHandler, options: NodeOptions = {}): NodeListener {
  const wrapper = createWrapper<IncomingMessage>(handler, options)
  const { settings } = wrapper
  if (options.route === undefined) {
    const mount = wrapper.routes.of('ALL', undefined)
    return (request, response) => serveNode(wrapper, { request, response, mount })
  }
  const { method, path } = readRoute(options.route)
  const route = toRouteContext(settings, method, path)
  const mount: Mount = { route, ownParameters: false, hasParameters: false }
  const fits = createMatcher(settings, method, path)
  return (request, response, next) => {
    if (fits(request)) serveNode(wrapper, { request, response, mount })
    else if (next !== undefined) next()
    else {
      const { requestId } = toHttpRequest(request, { bytes: new Uint8Array(0), wasParsed: false })
      new NodeReply(response).send(gatewayError(settings.front, 'not-found', { requestId }))
    }
  }
}

const ROUTE = /^([A-Za-z]+|\*) +(\/\S*)$/

function readRoute(text: string): { readonly method: string; readonly path: string } {
  const [, method = '', path = ''] = ROUTE.exec(text) ?? []
  if (path === '') {
    throw new TypeError(`route: expected a method and a path as in POST /lead/{id}, got: ${text}`)
  }
  return { method: method === '*' ? 'ANY' : method.toUpperCase(), path }
}

function createMatcher(
  { front, stage }: Settings<IncomingMessage>,
  method: string,
  path: string,
): (request: IncomingMessage) => boolean {
  const template = parseTemplate(path)
  const style = front === 'rest' ? 'rest' : 'httpapi'
  const asWritten = patternOf(template)
  return ({ method: sentMethod, url = '/' }) => {
    if (method !== 'ANY' && sentMethod !== method) return false
    // Nearly all requests fit as they are; the others are taken apart.
    if (asWritten.test(url)) return true
    const { path: sent } = splitTarget(url)
    if (matchTemplate(template, sent, style) !== undefined) return true
    const rest = afterStage(sent, stage)
    return rest !== undefined && matchTemplate(template, rest, style) !== undefined
  }
}

/** Literals as they are written, and something in place of each parameter. */
function patternOf({ segments }: PathTemplate): RegExp {
  const parts = segments.map(({ kind, text }) => {
    if (kind === 'literal') return text.replaceAll(/[^\w-]/g, '\\$&')
    return kind === 'parameter' ? '[^/?]+' : '[^/?][^?]*'
  })
  return new RegExp(`^/${parts.join('/')}(?:\\?|$)`)
}
