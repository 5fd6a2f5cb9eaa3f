import { toBase64, utf8 } from './bytes.ts'
import type { HttpRequest, RouteContext } from './http.ts'
import { shortId, stableId } from './ids.ts'
import type { MultiMap, StringMap } from './maps.ts'
import { isBinary, mediaType } from './media-types.ts'
import {
  afterBasePath,
  afterStage,
  matchTemplate,
  splitTarget,
  withoutLeadingSlashes,
  type PathTemplate,
} from './path.ts'
import { domainPrefix, prepare, stageVariables } from './prepared-route.ts'
import { queryMaps } from './query.ts'
import { multiHeaders, type HeaderFacts } from './request-headers.ts'
import { requestTime } from './time.ts'

/** What a function behind a REST API receives (payload 1.0). Every key is always there. */
export interface RestEvent {
  resource: string
  path: string
  httpMethod: string
  headers: StringMap
  multiValueHeaders: MultiMap
  queryStringParameters: StringMap | null
  multiValueQueryStringParameters: MultiMap | null
  pathParameters: StringMap | null
  stageVariables: StringMap | null
  requestContext: RestRequestContext
  body: string | null
  isBase64Encoded: boolean
}

export interface RestRequestContext {
  accountId: string
  apiId: string
  /** Only where an authorizer was asked. */
  authorizer?: Readonly<Record<string, unknown>>
  deploymentId: string
  domainName: string
  domainPrefix: string
  extendedRequestId: string
  httpMethod: string
  identity: RestIdentity
  path: string
  protocol: string
  requestId: string
  requestTime: string
  requestTimeEpoch: number
  resourceId: string
  resourcePath: string
  stage: string
}

/** Null unless the caller has proved who it is (IAM). */
export interface RestIdentity {
  accessKey: string | null
  accountId: string | null
  /** Only where the route requires a key. */
  apiKey?: string
  apiKeyId?: string
  caller: string | null
  cognitoAuthenticationProvider: string | null
  cognitoAuthenticationType: string | null
  cognitoIdentityId: string | null
  cognitoIdentityPoolId: string | null
  principalOrgId: string | null
  sourceIp: string
  user: string | null
  userAgent: string | null
  userArn: string | null
}

/**
 * The event that a REST API gives its function for a request (docs/reference/http.md). The target may
 * carry the stage (`/dev/x`) or not (`/x`): `path` never does, `requestContext.path` always.
 *
 * A body is base64 where its Content-Type is one of the API's binary media types, and text
 * otherwise; bytes that are no UTF-8 become U+FFFD in a text, as they do on AWS.
 */
export function toRestEvent(request: HttpRequest, route: RouteContext): RestEvent {
  const { template, resourceId, deploymentId } = prepare(route)
  const { path: sentPath, query } = splitTarget(request.target)
  const place = placeOf(sentPath, route, template)
  const { last, all, facts } = multiHeaders(request, 'rest')
  const queries = queryMaps(query)
  const { body, isBase64Encoded } = bodyOf(request, route, facts)
  return {
    resource: route.path,
    path: place.path,
    httpMethod: request.method,
    headers: last,
    multiValueHeaders: all,
    queryStringParameters: queries?.last ?? null,
    multiValueQueryStringParameters: queries?.all ?? null,
    pathParameters: place.parameters,
    stageVariables: stageVariables(route) ?? null,
    requestContext: {
      resourceId,
      resourcePath: route.path,
      httpMethod: request.method,
      extendedRequestId: shortId(request.requestId),
      requestTime: requestTime(request.timeEpochMs),
      path: place.pathWithStage,
      accountId: route.accountId,
      protocol: request.protocol,
      stage: route.stage,
      domainPrefix: domainPrefix(facts.host),
      requestTimeEpoch: request.timeEpochMs,
      requestId: request.requestId,
      identity: withApiKey(identityOf(request, facts), route, facts),
      domainName: facts.host,
      deploymentId,
      apiId: route.apiId,
      ...authorizerOf(request),
    },
    body,
    isBase64Encoded,
  }
}

/** A request's path seen from the API. */
interface Place {
  readonly path: string
  readonly pathWithStage: string
  readonly parameters: StringMap | null
}

/**
 * The stage is taken off only where what follows fits the route, because an unprefixed path may
 * begin with the same word. The router prefers the prefixed reading in the same way.
 */
function placeOf(
  sentPath: string,
  { stage, basePath }: RouteContext,
  template: PathTemplate,
): Place {
  const sent = withoutLeadingSlashes(sentPath)
  const mapped = afterBasePath(sent, basePath)
  if (mapped !== undefined) {
    const matched = matchTemplate(template, withoutLeadingSlashes(mapped), 'rest')
    const parameters = template.hasParameters ? (matched ?? null) : null
    // Behind a custom domain neither path has the stage, and both have what stands for it.
    if (matched !== undefined) return { path: sent, pathWithStage: sent, parameters }
  }
  const rest = afterStage(sent, stage)
  if (rest !== undefined) {
    const path = withoutLeadingSlashes(rest)
    const matched = matchTemplate(template, path, 'rest')
    if (matched !== undefined) {
      return { path, pathWithStage: sent, parameters: template.hasParameters ? matched : null }
    }
  }
  const matched = template.hasParameters ? matchTemplate(template, sent, 'rest') : undefined
  return { path: sent, pathWithStage: `/${stage}${sent}`, parameters: matched ?? null }
}

/** The path of a request as its API has it: without stage and base path, encoded as sent. */
export function restPathOf(target: string, route: RouteContext): string {
  const { template } = prepare(route)
  const { path } = placeOf(splitTarget(target).path, route, template)
  const mapped = withoutLeadingSlashes(afterBasePath(path, route.basePath) ?? '')
  return mapped !== '' && matchTemplate(template, mapped, 'rest') !== undefined ? mapped : path
}

/** @see toRestEvent. A missing Content-Type counts as application/json. */
function bodyOf(
  { body }: HttpRequest,
  { binaryMediaTypes }: RouteContext,
  { contentType = 'application/json' }: HeaderFacts,
): Pick<RestEvent, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { body: null, isBase64Encoded: false }
  if (binaryMediaTypes.length > 0 && isBinary(mediaType(contentType), binaryMediaTypes)) {
    return { body: toBase64(body), isBase64Encoded: true }
  }
  return { body: utf8(body), isBase64Encoded: false }
}

/** What the authorizer said, for `requestContext`; no key where none was asked. */
export function authorizerOf({ caller }: HttpRequest): {
  authorizer?: Readonly<Record<string, unknown>>
} {
  return caller?.authorizer === undefined ? {} : { authorizer: caller.authorizer }
}

/** The `identity` of a caller: null throughout unless it has proved who it is. */
export function identityOf(
  { sourceIp, caller }: HttpRequest,
  { userAgent }: HeaderFacts,
): RestIdentity {
  return {
    cognitoIdentityPoolId: null,
    accountId: null,
    cognitoIdentityId: null,
    caller: null,
    sourceIp,
    principalOrgId: null,
    accessKey: null,
    cognitoAuthenticationType: null,
    cognitoAuthenticationProvider: null,
    userArn: null,
    userAgent: userAgent ?? null,
    user: null,
    ...caller?.identity,
  }
}

function withApiKey(
  identity: RestIdentity,
  { apiKeyRequired = false }: RouteContext,
  { apiKey }: HeaderFacts,
): RestIdentity {
  if (!apiKeyRequired || apiKey === undefined) return identity
  return { ...identity, apiKey, apiKeyId: stableId(apiKey, 10) }
}
