import type { HttpRoute } from '../model/app.ts'
import type { Cors } from '../model/front-rules.ts'
import { DEFAULT_CORS_HEADERS, readTexts, refuseOtherCorsKeys } from './cors-words.ts'
import type { Manifest } from './manifest.ts'
import { child, expected, flag, wholeNumber } from './read.ts'

const KEYS = [
  'allowedOrigins',
  'allowedHeaders',
  'allowedMethods',
  'allowCredentials',
  'exposedResponseHeaders',
  'maxAge',
]

/**
 * `provider.httpApi.cors`, true or a map (serverless.com, "HTTP API": CORS setup); methods that are
 * not named are those of the routes.
 */
export function readHttpApiCors(
  manifest: Manifest,
  routes: readonly HttpRoute[],
): Cors | undefined {
  const node = child(manifest, manifest.root, 'provider', 'httpApi', 'cors')
  if (node === undefined) return undefined
  if (node.kind !== 'map') {
    if (flag(manifest, node, 'cors') !== true) return undefined
    return { ...DEFAULTS, allowMethods: methodsOf(routes) }
  }
  refuseOtherCorsKeys(manifest, node, KEYS)
  const texts = (name: string): string[] | undefined =>
    readTexts(manifest, child(manifest, node, name), name)
  const allowOrigins = texts('allowedOrigins') ?? DEFAULTS.allowOrigins
  const credentials = child(manifest, node, 'allowCredentials')
  const allowCredentials = flag(manifest, credentials, 'allowCredentials') ?? false
  if (credentials !== undefined && allowCredentials && allowOrigins.includes('*')) {
    expected(manifest, credentials, 'allowCredentials only with allowedOrigins other than "*"')
  }
  const maxAge = child(manifest, node, 'maxAge')
  const maxAgeS = wholeNumber(manifest, maxAge, 'maxAge', { min: -1, max: 86_400, unit: 'seconds' })
  return {
    allowOrigins,
    allowHeaders: texts('allowedHeaders') ?? DEFAULTS.allowHeaders,
    allowMethods: texts('allowedMethods') ?? methodsOf(routes),
    exposeHeaders: texts('exposedResponseHeaders') ?? [],
    allowCredentials,
    ...(maxAgeS === undefined ? {} : { maxAgeS }),
  }
}

const DEFAULTS: Omit<Cors, 'allowMethods'> = {
  allowOrigins: ['*'],
  allowHeaders: DEFAULT_CORS_HEADERS,
  exposeHeaders: [],
  allowCredentials: false,
}

/** What ANY stands for, in the order of Serverless. */
const ANY = ['GET', 'POST', 'PUT', 'PATCH', 'OPTIONS', 'HEAD', 'DELETE']

function methodsOf(routes: readonly HttpRoute[]): string[] {
  const methods = routes.flatMap(({ method }) => (method === 'ANY' ? ANY : [method]))
  return [...new Set(['OPTIONS', ...methods])]
}
