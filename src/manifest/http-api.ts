import type { HttpApi, HttpRoute } from '../model/app.ts'
import { apiId } from './api-id.ts'
import { basePathOf } from './base-path.ts'
import type { Manifest } from './manifest.ts'
import { child, expected, ifKnown, oneOf, wholeNumber } from './read.ts'
import { readHttpApiAuthorizer } from './http-api-authorizer.ts'
import { readHttpApiCors } from './http-api-cors.ts'
import { longForm, shortForm, type FunctionEvent, type RouteKey } from './route.ts'
import { readThrottling } from './throttling.ts'
import type { MapNode, Node } from './tree.ts'

/** API Gateway's limit for HTTP APIs, which Serverless always sets. */
const HTTP_API_TIMEOUT_S = 30

/** `GET /x`. */
const SHORT_FORM = /^(\S+)\s+(\/\S*)$/

/** An `httpApi` event as a route; undefined, and an error, where it cannot be served as it says. */
export function readHttpApiRoute(event: FunctionEvent): HttpRoute | undefined {
  const { manifest, functionName, place, value } = event
  const map = value.kind === 'map' ? value : undefined
  const key = map === undefined ? readShortForm(event) : longForm(event, map)
  const authorizer = map === undefined ? undefined : readHttpApiAuthorizer(event, map)
  if (map !== undefined) noteOwnCors(event, map)
  if (key === undefined) return undefined
  const timeoutMs = readTimeoutMs(manifest, map)
  const throttle = readThrottling(event, map)
  const guarded = authorizer === undefined ? {} : { authorizer }
  return { ...key, functionName, timeoutMs, apiKeyRequired: false, ...guarded, ...throttle, place }
}

/** CORS of an HTTP API is the provider's: Serverless refuses it at an event. */
function noteOwnCors({ manifest, key }: FunctionEvent, map: MapNode): void {
  const entry = map.entries.get('cors')
  if (entry === undefined) return
  const message = `${key}: cors of an HTTP API is read from provider.httpApi.cors, not from an event`
  manifest.report.note(entry.place, message)
}

/** `*` is the route that takes what no other one does. */
function readShortForm(event: FunctionEvent): RouteKey | undefined {
  const { value } = event
  const isDefault = value.kind === 'scalar' && value.value === '*'
  return isDefault ? { method: 'ANY', path: '$default' } : shortForm(event, SHORT_FORM)
}

/** `timeout` of the event or the API, in seconds, of Serverless before version 2. */
function readTimeoutMs(manifest: Manifest, map: MapNode | undefined): number {
  const own = child(manifest, map, 'timeout')
  const timeout = ifKnown(
    manifest,
    own ?? child(manifest, settingsOf(manifest), 'timeout'),
    'timeout',
  )
  const range = { min: 1, max: HTTP_API_TIMEOUT_S, unit: 'seconds' }
  return (wholeNumber(manifest, timeout, 'timeout', range) ?? HTTP_API_TIMEOUT_S) * 1000
}

function settingsOf(manifest: Manifest): Node | undefined {
  return child(manifest, manifest.root, 'provider', 'httpApi')
}

/** What the functions of the HTTP API get: 2.0 unless the provider says otherwise. */
function payloadOf(manifest: Manifest): HttpApi['payload'] {
  const payload = child(manifest, settingsOf(manifest), 'payload')
  const version = oneOf(manifest, payload, 'payload', ['1.0', '2.0', '1', '2'])
  return version?.startsWith('1') === true ? '1.0' : '2.0'
}

/** Refuses a function whose payload is not that of its API: routes of one API are alike here. */
export function checkPayload(manifest: Manifest, owner: Node | undefined): void {
  const payload = child(manifest, owner, 'httpApi', 'payload')
  const version = oneOf(manifest, payload, 'payload', ['1.0', '2.0', '1', '2'])
  const api = payloadOf(manifest)
  if (payload === undefined || version === undefined || api.startsWith(version)) return
  expected(manifest, payload, `payload to be "${api}" as of its API; another one is not served yet`)
}

/** The HTTP API of a manifest with its routes; undefined where it has none. */
export function httpApi(manifest: Manifest, routes: readonly HttpRoute[]): HttpApi | undefined {
  if (routes.length === 0) return undefined
  const cors = readHttpApiCors(manifest, routes)
  return {
    id: apiId(manifest.serviceName, manifest.stage, 'httpapi'),
    service: manifest.serviceName,
    front: 'httpapi',
    stage: '$default',
    payload: payloadOf(manifest),
    routes,
    binaryMediaTypes: [],
    stageVariables: {},
    apiKeys: [],
    ...(cors === undefined ? {} : { cors }),
    ...basePathOf(manifest, 'http'),
  }
}
