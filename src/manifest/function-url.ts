import type { FunctionDefinition, HttpApi } from '../model/app.ts'
import type { Cors } from '../model/front-rules.ts'
import { urlId } from './api-id.ts'
import type { DeclaredFunction } from './functions.ts'
import type { Manifest } from './manifest.ts'
import { child, exactText, expected, flag, ifKnown, items, oneOf, wholeNumber } from './read.ts'
import { START_WAIT_MS } from './route.ts'
import { refuseUnknownKeys } from './slips.ts'
import type { MapNode, Node } from './tree.ts'

/** What may be said of a Function URL. */
export interface UrlSettings {
  /** Only signed requests are let in. */
  readonly signed?: boolean
  readonly cors?: Cors
  readonly responseMode?: HttpApi['responseMode']
}

/** A Function URL: everything that comes to its host name, or below `/_url/<function key>`. */
export function functionUrl(
  definition: FunctionDefinition,
  stage: string,
  { signed = false, cors, responseMode = 'buffered' }: UrlSettings,
): HttpApi {
  const { service, key, name, timeoutMs, place } = definition
  const route = {
    method: 'ANY',
    path: '$default',
    functionName: name,
    timeoutMs: timeoutMs + START_WAIT_MS,
    apiKeyRequired: false,
    ...(signed ? { authorizer: { kind: 'iam' } as const } : {}),
    place,
  }
  return {
    id: urlId(service, stage, key),
    service,
    front: 'function-url',
    stage: '$default',
    payload: '2.0',
    routes: [route],
    binaryMediaTypes: [],
    stageVariables: {},
    responseMode,
    apiKeys: [],
    basePath: `/_url/${encodeURIComponent(key)}`,
    ...(cors === undefined ? {} : { cors }),
  }
}

/** `url` of a function (serverless.com, "Lambda Function URLs"); undefined where it has none. */
export function readFunctionUrl(
  manifest: Manifest,
  { definition, node }: DeclaredFunction,
): HttpApi | undefined {
  const what = `the url of ${definition.key}`
  const url = ifKnown(manifest, child(manifest, node, 'url'), what)
  if (url === undefined) return undefined
  if (url.kind !== 'map') {
    const wanted = flag(manifest, url, what) ?? false
    return wanted ? functionUrl(definition, manifest.stage, {}) : undefined
  }
  refuseUnknownKeys(manifest.report, what, url, ['authorizer', 'cors', 'invokeMode'])
  const authorizer = child(manifest, url, 'authorizer')
  const cors = readCors(manifest, child(manifest, url, 'cors'))
  const mode = oneOf(manifest, child(manifest, url, 'invokeMode'), 'invokeMode', [
    'BUFFERED',
    'RESPONSE_STREAM',
  ])
  return functionUrl(definition, manifest.stage, {
    signed: oneOf(manifest, authorizer, 'the authorizer', ['aws_iam']) !== undefined,
    ...(cors === undefined ? {} : { cors }),
    responseMode: mode === 'RESPONSE_STREAM' ? 'stream' : 'buffered',
  })
}

/** What Serverless allows where `cors: true`, or leaves as it is, says no more. */
const DEFAULT_CORS: Cors = {
  allowOrigins: ['*'],
  allowMethods: ['*'],
  allowHeaders: [
    'Content-Type',
    'X-Amz-Date',
    'Authorization',
    'X-Api-Key',
    'X-Amz-Security-Token',
    'X-Amzn-Trace-Id',
  ],
  exposeHeaders: [],
  allowCredentials: false,
}

const CORS_KEYS = [
  'allowedOrigins',
  'allowedMethods',
  'allowedHeaders',
  'exposedResponseHeaders',
  'allowCredentials',
  'maxAge',
]

function readCors(manifest: Manifest, node: Node | undefined): Cors | undefined {
  if (node === undefined) return undefined
  if (node.kind !== 'map') return flag(manifest, node, 'cors') === true ? DEFAULT_CORS : undefined
  refuseUnknownKeys(manifest.report, 'cors', node, CORS_KEYS)
  const maxAgeS = wholeNumber(manifest, child(manifest, node, 'maxAge'), 'maxAge', { min: 0 })
  const credentials = child(manifest, node, 'allowCredentials')
  return {
    allowOrigins: readList(manifest, node, 'allowedOrigins', DEFAULT_CORS.allowOrigins),
    allowMethods: readList(manifest, node, 'allowedMethods', DEFAULT_CORS.allowMethods),
    allowHeaders: readList(manifest, node, 'allowedHeaders', DEFAULT_CORS.allowHeaders),
    exposeHeaders: readList(manifest, node, 'exposedResponseHeaders', []),
    allowCredentials: flag(manifest, credentials, 'allowCredentials') ?? false,
    ...(maxAgeS === undefined ? {} : { maxAgeS }),
  }
}

/** A list that is written as null is empty. */
function readList(
  manifest: Manifest,
  map: MapNode,
  key: string,
  fallback: readonly string[],
): readonly string[] {
  if (!map.entries.has(key)) return fallback
  const list = items(manifest, child(manifest, map, key), key)
  return list.map(
    (item) => exactText(manifest, item, key) ?? expected(manifest, item, `a text in ${key}`) ?? '',
  )
}
