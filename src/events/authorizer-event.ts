import { toHttpApiV1Event, type HttpApiV1Event } from './http-v1.ts'
import { toHttpApiEvent, type HttpApiEvent } from './http-v2.ts'
import type { HttpRequest, RouteContext } from './http.ts'
import { decodePath } from './escapes.ts'
import { afterBasePath, afterStage, splitTarget } from './path.ts'
import { restPathOf, toRestEvent, type RestEvent } from './rest-v1.ts'

/** What an authorizer of the form TOKEN receives, and nothing else. */
export interface TokenAuthorizerEvent {
  type: 'TOKEN'
  methodArn: string
  authorizationToken: string
}

type WithoutBody<T> = Omit<T, 'body' | 'isBase64Encoded'>

/** What one of a REST API receives in the form REQUEST: maps are empty where its function gets null. */
export interface RestAuthorizerEvent extends WithoutBody<RestEvent> {
  type: 'REQUEST'
  methodArn: string
}

/** Of an HTTP API, payload 1.0. */
export interface HttpApiV1AuthorizerEvent extends WithoutBody<HttpApiV1Event> {
  type: 'REQUEST'
  methodArn: string
  identitySource: string
  authorizationToken: string
}

/** Of an HTTP API, payload 2.0. */
export interface HttpApiAuthorizerEvent extends WithoutBody<HttpApiEvent> {
  type: 'REQUEST'
  routeArn: string
  identitySource: string[] | null
}

/** What an authorizer is asked with, besides the request. */
export interface AuthorizerAsk {
  readonly form: 'token' | 'request'
  readonly payload: '1.0' | '2.0'
  /** @see executeApiArn */
  readonly arn: string
  /** The values of its identity sources, in their order. */
  readonly identity: readonly string[]
}

/**
 * `arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET/lead/7`: the request as policies
 * name it. By its own method and path, not the route's.
 */
export function executeApiArn(
  request: Pick<HttpRequest, 'method' | 'target'>,
  route: RouteContext,
  region: string,
): string {
  const path =
    route.front === 'rest' ? restPathOf(request.target, route) : httpApiPath(request, route)
  const api = `arn:aws:execute-api:${region}:${route.accountId}:${route.apiId}`
  return `${api}/${route.stage}/${request.method}${path}`
}

function httpApiPath(
  { target }: Pick<HttpRequest, 'target'>,
  { stage, basePath }: RouteContext,
): string {
  const sent = splitTarget(target).path
  const path = decodePath(afterBasePath(sent, basePath) ?? sent)
  return stage === '$default' ? path : (afterStage(path, stage) ?? path)
}

/** The event of an authorizer's function (apigateway-use-lambda-authorizer.md, http-api-lambda-authorizer.md). */
export function toAuthorizerEvent(
  request: HttpRequest,
  route: RouteContext,
  { form, payload, arn, identity }: AuthorizerAsk,
): TokenAuthorizerEvent | RestAuthorizerEvent | HttpApiV1AuthorizerEvent | HttpApiAuthorizerEvent {
  const bodiless: HttpRequest = { ...request, body: NOTHING }
  if (form === 'token') {
    return { type: 'TOKEN', methodArn: arn, authorizationToken: identity[0] ?? '' }
  }
  if (route.front === 'rest') {
    return { type: 'REQUEST', methodArn: arn, ...withEmptyMaps(toRestEvent(bodiless, route)) }
  }
  if (payload === '1.0') {
    const { version, ...event } = withEmptyMaps(toHttpApiV1Event(bodiless, route))
    const joined = identity.join(',')
    const tokens = { identitySource: joined, authorizationToken: joined }
    return { version, type: 'REQUEST', methodArn: arn, ...tokens, ...event }
  }
  const { version, ...event } = withoutBody(toHttpApiEvent(bodiless, route))
  const identitySource = identity.length === 0 ? null : [...identity]
  return { version, type: 'REQUEST', routeArn: arn, identitySource, ...event }
}

const NOTHING = new Uint8Array(0)

function withoutBody<T extends { body?: unknown; isBase64Encoded: boolean }>(
  event: T,
): Omit<T, 'body' | 'isBase64Encoded'> {
  const { body: _body, isBase64Encoded: _encoded, ...rest } = event
  return rest
}

function withEmptyMaps<T extends RestEvent | HttpApiV1Event>(event: T): WithoutBody<T> {
  return {
    ...withoutBody(event),
    queryStringParameters: event.queryStringParameters ?? {},
    multiValueQueryStringParameters: event.multiValueQueryStringParameters ?? {},
    pathParameters: event.pathParameters ?? {},
    stageVariables: event.stageVariables ?? {},
  }
}
