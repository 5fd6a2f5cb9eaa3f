import { decodePath } from './escapes.ts'
import { httpApiBody, httpApiParameters } from './http-v2.ts'
import type { HttpRequest, RouteContext } from './http.ts'
import { shortId } from './ids.ts'
import { splitTarget } from './path.ts'
import { domainPrefix, prepare, stageVariables } from './prepared-route.ts'
import { queryMaps } from './query.ts'
import { multiHeaders, type HeaderFacts } from './request-headers.ts'
import {
  authorizerOf,
  identityOf,
  type RestEvent,
  type RestIdentity,
  type RestRequestContext,
} from './rest-v1.ts'
import { requestTime } from './time.ts'

/** Payload 1.0 as an HTTP API fills it: alike, and yet not a REST API's (docs/reference/http.md). */
export interface HttpApiV1Event extends Omit<RestEvent, 'requestContext'> {
  version: '1.0'
  requestContext: HttpApiV1RequestContext
}

export interface HttpApiV1RequestContext extends Omit<
  RestRequestContext,
  'identity' | 'deploymentId'
> {
  identity: RestIdentity & { cognitoAmr: null }
}

/** The event that an HTTP API set to payload 1.0 gives its function. */
export function toHttpApiV1Event(request: HttpRequest, route: RouteContext): HttpApiV1Event {
  const { path: sentPath, query } = splitTarget(request.target)
  const { last, all, facts } = multiHeaders(request, 'v1')
  const queries = queryMaps(query)
  const path = decodePath(sentPath)
  const empty = request.body.length === 0
  const { body, isBase64Encoded } = httpApiBody(request.body, facts.contentType)
  return {
    version: '1.0',
    resource: route.path,
    path,
    httpMethod: request.method,
    headers: last,
    multiValueHeaders: all,
    queryStringParameters: queries?.last ?? null,
    multiValueQueryStringParameters: queries?.all ?? null,
    requestContext: contextOf(request, route, path, facts),
    pathParameters: httpApiParameters(sentPath, route) ?? null,
    stageVariables: stageVariables(route) ?? null,
    body: empty ? null : body,
    isBase64Encoded: !empty && isBase64Encoded,
  }
}

function contextOf(
  request: HttpRequest,
  route: RouteContext,
  path: string,
  facts: HeaderFacts,
): HttpApiV1RequestContext {
  const id = shortId(request.requestId)
  return {
    accountId: route.accountId,
    apiId: route.apiId,
    ...authorizerOf(request),
    domainName: facts.host,
    domainPrefix: domainPrefix(facts.host),
    extendedRequestId: id,
    httpMethod: request.method,
    identity: { ...identityOf(request, facts), cognitoAmr: null },
    path,
    protocol: request.protocol,
    requestId: id,
    requestTime: requestTime(request.timeEpochMs),
    requestTimeEpoch: request.timeEpochMs,
    resourceId: prepare(route).routeKey,
    resourcePath: route.path,
    stage: route.stage,
  }
}
