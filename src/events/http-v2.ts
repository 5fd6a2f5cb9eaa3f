import { toBase64, utf8 } from './bytes.ts'
import { decodePath } from './escapes.ts'
import type { HttpRequest, RouteContext } from './http.ts'
import { shortId } from './ids.ts'
import type { StringMap } from './maps.ts'
import { isText } from './media-types.ts'
import { afterBasePath, afterStage, matchTemplate, splitTarget } from './path.ts'
import { domainPrefix, prepare, stageVariables } from './prepared-route.ts'
import { joinedQuery } from './query.ts'
import { joinedHeaders, type HeaderFacts } from './request-headers.ts'
import { authorizerOf } from './rest-v1.ts'
import { requestTime } from './time.ts'

/**
 * What a function behind an HTTP API or a Function URL receives (payload 2.0). What is not there
 * has no key: validators reject a null.
 */
export interface HttpApiEvent {
  version: '2.0'
  routeKey: string
  rawPath: string
  rawQueryString: string
  cookies?: string[]
  headers: StringMap
  queryStringParameters?: StringMap
  requestContext: HttpApiRequestContext
  body?: string
  pathParameters?: StringMap
  isBase64Encoded: boolean
  stageVariables?: StringMap
}

export interface HttpApiRequestContext {
  accountId: string
  apiId: string
  /** Only where an authorizer was asked. */
  authorizer?: Readonly<Record<string, unknown>>
  domainName: string
  domainPrefix: string
  http: { method: string; path: string; protocol: string; sourceIp: string; userAgent: string }
  requestId: string
  routeKey: string
  stage: string
  time: string
  timeEpoch: number
}

/**
 * The event that an HTTP API gives its function (docs/reference/http.md). `rawPath` is decoded, whatever
 * its name says, and a named stage stays in it.
 */
export function toHttpApiEvent(request: HttpRequest, route: RouteContext): HttpApiEvent {
  const { path, query } = splitTarget(request.target)
  const { headers, facts } = joinedHeaders(request, 'removed')
  const decoded = decodePath(path)
  const event: HttpApiEvent = {
    version: '2.0',
    routeKey: prepare(route).routeKey,
    rawPath: decoded,
    rawQueryString: query,
    headers,
    requestContext: contextOf(request, route, facts, decoded),
    isBase64Encoded: false,
  }
  addOptional(event, request, facts, query)
  const parameters = httpApiParameters(path, route)
  if (parameters !== undefined) event.pathParameters = parameters
  const variables = stageVariables(route)
  if (variables !== undefined) event.stageVariables = variables
  return event
}

/**
 * The event that a Function URL gives its function (docs/reference/http.md). `rawPath` is as sent, but
 * for the path under which the URL is served here; cookies stand in their header too, and the request
 * id is the invocation's own.
 */
export function toFunctionUrlEvent(request: HttpRequest, route: RouteContext): HttpApiEvent {
  const { path: sent, query } = splitTarget(request.target)
  const path = afterBasePath(sent, route.basePath) ?? sent
  const { headers, facts } = joinedHeaders(request, 'kept')
  const context = contextOf(request, route, facts, decodePath(path))
  context.accountId = accountOf(request)
  context.requestId = request.requestId
  context.domainPrefix = route.apiId
  const event: HttpApiEvent = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    headers,
    requestContext: context,
    isBase64Encoded: false,
  }
  addOptional(event, request, facts, query)
  return event
}

/** The caller's account, where it has signed its request. */
function accountOf({ caller }: HttpRequest): string {
  const iam = caller?.authorizer?.['iam'] as { accountId?: unknown } | undefined
  return typeof iam?.accountId === 'string' ? iam.accountId : 'anonymous'
}

/** The path parameters of an HTTP API's route, decoded; undefined when it has none. */
export function httpApiParameters(path: string, route: RouteContext): StringMap | undefined {
  const { template } = prepare(route)
  if (!template.hasParameters) return undefined
  const mapped = afterBasePath(path, route.basePath)
  const found = mapped === undefined ? undefined : matchTemplate(template, mapped, 'httpapi')
  if (found !== undefined) return found
  const rest = route.stage === '$default' ? path : afterStage(path, route.stage)
  return rest === undefined ? undefined : matchTemplate(template, rest, 'httpapi')
}

/** A body as an HTTP API passes it on: text where its type is known to be text, else base64. */
export function httpApiBody(
  body: Uint8Array,
  contentType: string | undefined,
): { readonly body: string; readonly isBase64Encoded: boolean } {
  return isText(contentType)
    ? { body: utf8(body), isBase64Encoded: false }
    : { body: toBase64(body), isBase64Encoded: true }
}

function contextOf(
  request: HttpRequest,
  route: RouteContext,
  facts: HeaderFacts,
  decodedPath: string,
): HttpApiRequestContext {
  return {
    accountId: route.accountId,
    apiId: route.apiId,
    ...authorizerOf(request),
    domainName: facts.host,
    domainPrefix: domainPrefix(facts.host),
    http: {
      method: request.method,
      path: decodedPath,
      protocol: request.protocol,
      sourceIp: request.sourceIp,
      userAgent: facts.userAgent ?? '',
    },
    requestId: shortId(request.requestId),
    routeKey: prepare(route).routeKey,
    stage: route.stage,
    time: requestTime(request.timeEpochMs),
    timeEpoch: request.timeEpochMs,
  }
}

function addOptional(
  event: HttpApiEvent,
  request: HttpRequest,
  facts: HeaderFacts,
  query: string,
): void {
  if (facts.cookies.length > 0) event.cookies = facts.cookies
  const parameters = joinedQuery(query)
  if (parameters !== undefined) event.queryStringParameters = parameters
  if (request.body.length === 0) return
  const { body, isBase64Encoded } = httpApiBody(request.body, facts.contentType)
  event.body = body
  event.isBase64Encoded = isBase64Encoded
}
