import type { HttpApi, HttpRoute } from '../model/app.ts'
import { apiId } from './api-id.ts'
import { readApiKeys } from './api-keys.ts'
import { basePathOf } from './base-path.ts'
import type { Manifest } from './manifest.ts'
import { child, exactText, flag, ifKnown, items, oneOf, text, wholeNumber } from './read.ts'
import { longForm, noteCors, refuseAuthorizer, shortForm, type FunctionEvent } from './route.ts'
import { readThrottling } from './throttling.ts'
import { readStageVariables } from './stage-variables.ts'
import { isPresent, type MapNode, type Node } from './tree.ts'
import { readUsagePlans } from './usage-plans.ts'

/** API Gateway's own limit, and Serverless's default. */
const REST_TIMEOUT_MS = 29_000

/** `GET /x` or `GET x`. */
const SHORT_FORM = /^(\S+)\s+(\S+)$/

/** An `http` event as a route; undefined, and an error, where it cannot be served as it says. */
export function readRestRoute(event: FunctionEvent): HttpRoute | undefined {
  const { manifest, functionName, place, value } = event
  const map = value.kind === 'map' ? value : undefined
  const key = map === undefined ? shortForm(event, SHORT_FORM) : longForm(event, map)
  if (map !== undefined) checkServable(event, map)
  if (key === undefined) return undefined
  return {
    ...key,
    functionName,
    timeoutMs: readTimeoutMs(manifest, map),
    apiKeyRequired: flag(manifest, child(manifest, map, 'private'), 'private') ?? false,
    ...readThrottling(event, map),
    ...readTransferMode(manifest, map),
    place,
  }
}

/** Refuses what would let a request through, or answer it, other than the manifest says. */
function checkServable(event: FunctionEvent, map: MapNode): void {
  const { manifest, key, place } = event
  refuseAuthorizer(event, map)
  const integration = exactText(manifest, child(manifest, map, 'integration'), 'integration')
  if (!/^(?:aws|lambda)[-_]proxy$/i.test(integration ?? 'aws_proxy')) {
    const message = `${key}: only the Lambda proxy integration is served yet, got: "${integration}"`
    manifest.report.error(place, message)
  }
  if (flag(manifest, child(manifest, map, 'async'), 'async') === true) {
    manifest.report.error(place, `${key}: routes with "async: true" are not served yet`)
  }
  noteCors(event, map)
  const request = child(manifest, map, 'request')
  if (VALIDATED.some((name) => isPresent(child(manifest, request, name)))) {
    const message = `${key}: requests are not validated yet before they reach the function`
    manifest.report.note(place, message)
  }
}

function readTransferMode(
  manifest: Manifest,
  map: Node | undefined,
): Pick<HttpRoute, 'responseMode'> {
  const mode = child(manifest, map, 'response', 'transferMode')
  const word = oneOf(manifest, mode, 'transferMode', ['BUFFERED', 'STREAM'] as const)
  return word === 'STREAM' ? { responseMode: 'stream' } : {}
}

/** Settings of `request` that make API Gateway turn requests away by itself. */
const VALIDATED = ['schema', 'schemas', 'parameters']

function readTimeoutMs(manifest: Manifest, map: Node | undefined): number {
  const own = child(manifest, map, 'timeoutInMillis')
  const timeout = own ?? child(manifest, settingsOf(manifest), 'timeoutInMillis')
  const known = ifKnown(manifest, timeout, 'timeoutInMillis')
  const range = { min: 50, unit: 'milliseconds' }
  return wholeNumber(manifest, known, 'timeoutInMillis', range) ?? REST_TIMEOUT_MS
}

function settingsOf(manifest: Manifest): Node | undefined {
  return child(manifest, manifest.root, 'provider', 'apiGateway')
}

/** The REST API of a manifest with its routes; undefined where it has none. */
export function restApi(manifest: Manifest, routes: readonly HttpRoute[]): HttpApi | undefined {
  if (routes.length === 0) return undefined
  const policy = child(manifest, settingsOf(manifest), 'resourcePolicy')
  if (policy !== undefined) {
    manifest.report.note(policy.place, 'the resource policy of the API is not enforced yet')
  }
  const keys = readApiKeys(manifest, routes)
  return {
    id: apiId(manifest.serviceName, manifest.stage, 'rest'),
    service: manifest.serviceName,
    front: 'rest',
    stage: manifest.stage,
    payload: '1.0',
    routes,
    binaryMediaTypes: readBinaryMediaTypes(manifest),
    stageVariables: readStageVariables(manifest),
    apiKeys: keys.map(({ value }) => value),
    usagePlans: readUsagePlans(manifest, keys, routes),
    ...basePathOf(manifest, 'rest'),
  }
}

/** `provider.apiGateway.binaryMediaTypes`, or the list of serverless-apigw-binary. */
function readBinaryMediaTypes(manifest: Manifest): string[] {
  const plugin = child(manifest, manifest.root, 'custom', 'apigwBinary', 'types')
  const types = child(manifest, settingsOf(manifest), 'binaryMediaTypes') ?? plugin
  const list = types?.kind === 'scalar' ? [types] : items(manifest, types, 'binaryMediaTypes')
  return list.map((type) => text(manifest, type, 'binaryMediaTypes') ?? '').filter((t) => t !== '')
}
