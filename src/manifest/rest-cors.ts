import type { HttpRoute } from '../model/app.ts'
import type { Preflight } from '../model/front-rules.ts'
import { DEFAULT_CORS_HEADERS, readTexts, refuseOtherCorsKeys } from './cors-words.ts'
import { child, exactText, flag, oneOf, wholeNumber } from './read.ts'
import { METHODS, type FunctionEvent } from './route.ts'
import type { Node } from './tree.ts'

const KEYS = [
  'origin',
  'origins',
  'headers',
  'methods',
  'allowCredentials',
  'maxAge',
  'cacheControl',
]

/** What the events of one path say about their preflight, put together. */
interface Words {
  readonly origin: string | undefined
  readonly origins: readonly string[]
  readonly headers: readonly string[]
  readonly methods: readonly string[]
  readonly allowCredentials: boolean
  readonly maxAge: number | undefined
  readonly cacheControl: string | undefined
}

/**
 * The preflights that the `cors` of `http` events make: Serverless gives each such path a mock OPTIONS
 * method, which says the same whoever asks (serverless.com, "Enabling CORS").
 */
export function readPreflights(
  events: readonly { readonly event: FunctionEvent; readonly route: HttpRoute }[],
): Preflight[] {
  const byPath = new Map<string, Words>()
  for (const { event, route } of events) {
    const words = readCors(event, route)
    if (words === undefined) continue
    const before = byPath.get(route.path)
    byPath.set(route.path, before === undefined ? words : together(words, before))
  }
  return [...byPath].map(([path, words]) => toPreflight(path, words))
}

function readCors({ manifest, value }: FunctionEvent, { method }: HttpRoute): Words | undefined {
  const node = child(manifest, value, 'cors')
  if (node === undefined) return undefined
  if (node.kind !== 'map') {
    if (flag(manifest, node, 'cors') !== true) return undefined
    return { ...DEFAULTS, methods: ['OPTIONS', method] }
  }
  refuseOtherCorsKeys(manifest, node, KEYS)
  const texts = (name: string): string[] | undefined =>
    readTexts(manifest, child(manifest, node, name), name)
  const origins = texts('origins') ?? []
  const origin = exactText(manifest, child(manifest, node, 'origin'), 'origin')
  const maxAge = child(manifest, node, 'maxAge')
  return {
    origin: origin ?? (origins.length > 0 ? undefined : '*'),
    origins,
    headers: texts('headers') ?? DEFAULT_CORS_HEADERS,
    methods: union(readMethods(manifest, child(manifest, node, 'methods')), ['OPTIONS', method]),
    allowCredentials:
      flag(manifest, child(manifest, node, 'allowCredentials'), 'allowCredentials') ?? false,
    maxAge: wholeNumber(manifest, maxAge, 'maxAge', { min: 1, unit: 'seconds' }),
    cacheControl: exactText(manifest, child(manifest, node, 'cacheControl'), 'cacheControl'),
  }
}

const DEFAULTS: Omit<Words, 'methods'> = {
  origin: '*',
  origins: [],
  headers: DEFAULT_CORS_HEADERS,
  allowCredentials: false,
  maxAge: undefined,
  cacheControl: undefined,
}

function readMethods(manifest: FunctionEvent['manifest'], node: Node | undefined): string[] {
  if (node?.kind !== 'list') return []
  const words = node.items.map((item) =>
    oneOf(manifest, manifest.resolve(item), 'the method', METHODS),
  )
  return words.filter((word) => word !== undefined)
}

/** The later event comes first, and has the word where there can be one only. */
function together(words: Words, before: Words): Words {
  return {
    origin: words.origin,
    origins: union(words.origins, before.origins),
    headers: union(words.headers, before.headers),
    methods: union(words.methods, before.methods),
    allowCredentials: before.allowCredentials || words.allowCredentials,
    maxAge: words.maxAge ?? before.maxAge,
    cacheControl: words.cacheControl ?? before.cacheControl,
  }
}

function union(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])]
}

const EVERY_METHOD = 'DELETE,GET,HEAD,PATCH,POST,PUT'

function toPreflight(path: string, words: Words): Preflight {
  const { headers, methods, allowCredentials, maxAge, cacheControl } = words
  const listed = words.origin?.includes(',') === true ? words.origin.split(',') : words.origins
  const origins = listed.map((each) => each.trim())
  const rawHeaders = [
    'Access-Control-Allow-Origin',
    origins[0] ?? words.origin ?? '*',
    'Access-Control-Allow-Headers',
    headers.join(','),
    'Access-Control-Allow-Methods',
    methods.join(',').replace('ANY', EVERY_METHOD),
  ]
  if (allowCredentials) rawHeaders.push('Access-Control-Allow-Credentials', 'true')
  if (maxAge !== undefined) rawHeaders.push('Access-Control-Max-Age', String(maxAge))
  if (cacheControl !== undefined) rawHeaders.push('Cache-Control', cacheControl)
  return { path, status: 200, rawHeaders, ...(origins.length === 0 ? {} : { origins }) }
}
