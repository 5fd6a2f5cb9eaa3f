import type { HttpApi, HttpRoute } from '../model/app.ts'
import type { Preflight } from '../model/front-rules.ts'
import { apiId } from './api-id.ts'
import { readApiKeys } from './api-keys.ts'
import { basePathOf } from './base-path.ts'
import type { Manifest } from './manifest.ts'
import { child, exactText, flag, ifKnown, items, oneOf, text, wholeNumber } from './read.ts'
import { readRestAuthorizer } from './rest-authorizer.ts'
import { longForm, shortForm, type FunctionEvent } from './route.ts'
import type { MapNode, Node } from './tree.ts'
import { readValidation } from './validation.ts'
import { readStageVariables } from './stage-variables.ts'
import { readThrottling } from './throttling.ts'
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
  const authorizer = map === undefined ? undefined : readRestAuthorizer(event, map)
  const validation = readValidation(event)
  if (key === undefined) return undefined
  return {
    ...key,
    functionName,
    timeoutMs: readTimeoutMs(manifest, map),
    ...(authorizer === undefined ? {} : { authorizer }),
    ...(validation === undefined ? {} : { validation }),
    apiKeyRequired: flag(manifest, child(manifest, map, 'private'), 'private') ?? false,
    ...readThrottling(event, map),
    ...readTransferMode(manifest, map),
    place,
  }
}

/** Refuses what would let a request through, or answer it, other than the manifest says. */
function checkServable(event: FunctionEvent, map: MapNode): void {
  const { manifest, key, place } = event
  const integration = exactText(manifest, child(manifest, map, 'integration'), 'integration')
  if (!/^(?:aws|lambda)[-_]proxy$/i.test(integration ?? 'aws_proxy')) {
    const message = `${key}: only the Lambda proxy integration is served yet, got: "${integration}"`
    manifest.report.error(place, message)
  }
  if (flag(manifest, child(manifest, map, 'async'), 'async') === true) {
    manifest.report.error(place, `${key}: routes with "async: true" are not served yet`)
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
export function restApi(
  manifest: Manifest,
  { rest: routes, preflights }: { rest: readonly HttpRoute[]; preflights: readonly Preflight[] },
): HttpApi | undefined {
  if (routes.length === 0) return undefined
  refuseUnenforced(manifest)
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
    ...(preflights.length === 0 ? {} : { preflights }),
  }
}

/** Settings that keep requests out on AWS, and that nothing here would enforce. */
function refuseUnenforced(manifest: Manifest): void {
  const policy = child(manifest, settingsOf(manifest), 'resourcePolicy')
  if (policy !== undefined) {
    const message =
      'the resource policy of the API is not supported, and an API is never served without it'
    manifest.report.error(policy.place, message)
  }
  const sourceNode = child(manifest, settingsOf(manifest), 'apiKeySourceType')
  const source = exactText(manifest, sourceNode, 'apiKeySourceType')
  if (sourceNode !== undefined && source !== undefined && source.toUpperCase() !== 'HEADER') {
    const message = `API keys are read from the header x-api-key; apiKeySourceType "${source}" is not supported`
    manifest.report.error(sourceNode.place, message)
  }
}

/** `provider.apiGateway.binaryMediaTypes`, or the list of serverless-apigw-binary. */
function readBinaryMediaTypes(manifest: Manifest): string[] {
  const plugin = child(manifest, manifest.root, 'custom', 'apigwBinary', 'types')
  const types = child(manifest, settingsOf(manifest), 'binaryMediaTypes') ?? plugin
  const list = types?.kind === 'scalar' ? [types] : items(manifest, types, 'binaryMediaTypes')
  return list.map((type) => text(manifest, type, 'binaryMediaTypes') ?? '').filter((t) => t !== '')
}
