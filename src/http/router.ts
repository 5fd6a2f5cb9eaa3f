import { decodePath } from '../events/escapes.ts'
import { afterStage, endWithoutSlashes, withoutLeadingSlashes } from '../events/path.ts'
import type { HttpApi, HttpRoute } from '../model/app.ts'
import { addRoute, findRoute, newTrie, pick, type TrieNode } from './route-trie.ts'

/** Where a request goes. The same object for every request of a route. */
export interface RouteTarget {
  readonly api: HttpApi
  readonly route: HttpRoute
}

/** No route; and which kind of API is to say so. */
export interface RouteMiss {
  readonly miss: 'rest' | 'httpapi'
}

/** Finds routes. */
export interface Router {
  /** `method` in upper case; `path` as sent, without the query. */
  match(method: string, path: string): RouteTarget | RouteMiss
}

/**
 * A router over all APIs of a listener, which AWS would give a domain each. In this order:
 *
 * 1. a REST API whose stage is the path's first segment;
 * 2. HTTP APIs, a named stage before `$default`: full before greedy before `$default` routes;
 * 3. REST APIs without their stage. A path that begins with the stage of a REST API gets here only
 *    where a route spells that segment out: a parameter would take the stage for its value, where
 *    AWS answers 403.
 *
 * Within each the most specific route of all APIs wins, and of two equal ones the first. REST APIs
 * compare segments as they were sent and ignore a trailing slash; HTTP APIs decode each segment
 * first (so `%2F` splits nothing), and to them a trailing slash matters (docs/reference/http.md).
 */
export function createRouter(apis: readonly HttpApi[]): Router {
  const byStage = new Map<string, TrieNode<RouteTarget>>()
  const unprefixed = newTrie<RouteTarget>()
  const httpByStage = new Map<string, HttpRoutes>()
  for (const api of apis) {
    for (const route of api.routes) {
      const target: RouteTarget = { api, route }
      if (api.front === 'rest') {
        addRoute(entry(byStage, api.stage, newTrie), route.method, route.path, target)
        addRoute(unprefixed, route.method, route.path, target)
      } else {
        addHttpRoute(entry(httpByStage, api.stage, newHttpRoutes), target)
      }
    }
  }
  const anyHttpApi = apis.some(({ front }) => front !== 'rest')
  const spelledOut = new Map([...byStage.keys()].map((stage) => [stage, only(unprefixed, stage)]))

  return {
    match(method, path) {
      const restPath = withoutLeadingSlashes(path)
      const stage = firstSegment(restPath)
      const trie = byStage.get(stage)
      return (
        (trie && matchRest(trie, method, afterStage(restPath, stage) ?? '/')) ??
        (anyHttpApi ? matchHttp(httpByStage, method, path) : undefined) ??
        matchRest(spelledOut.get(stage) ?? unprefixed, method, restPath) ??
        (trie === undefined && anyHttpApi ? MISS_HTTP_API : MISS_REST)
      )
    },
  }
}

const MISS_REST: RouteMiss = { miss: 'rest' }
const MISS_HTTP_API: RouteMiss = { miss: 'httpapi' }

/** The methods that ANY stands for on a REST API (docs/reference/http.md). */
const REST_ANY: ReadonlySet<string> = new Set([
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
])

function matchRest(
  trie: TrieNode<RouteTarget>,
  method: string,
  path: string,
): RouteTarget | undefined {
  const segments = segmentsOf(withoutLeadingSlashes(path), 'without trailing slashes')
  return findRoute(trie, { segments, method, any: REST_ANY.has(method), greedy: 'too' })
}

/** The part of a trie under one literal first segment. */
function only(trie: TrieNode<RouteTarget>, segment: string): TrieNode<RouteTarget> {
  const child = trie.literals.get(segment)
  const literals = new Map(child === undefined ? [] : [[segment, child]])
  return { ...newTrie<RouteTarget>(), literals }
}

/** The routes of the HTTP APIs (and Function URLs) of one stage. */
interface HttpRoutes {
  readonly trie: TrieNode<RouteTarget>
  /** `$default` routes, by method: `ANY`. */
  readonly fallback: Map<string, RouteTarget>
}

function newHttpRoutes(): HttpRoutes {
  return { trie: newTrie(), fallback: new Map() }
}

function addHttpRoute({ trie, fallback }: HttpRoutes, target: RouteTarget): void {
  const { method, path } = target.route
  if (path !== '$default') addRoute(trie, method, path, target)
  else if (!fallback.has(method)) fallback.set(method, target)
}

function matchHttp(
  byStage: ReadonlyMap<string, HttpRoutes>,
  method: string,
  path: string,
): RouteTarget | undefined {
  const stage = firstSegment(path)
  const named = byStage.get(stage)
  const inNamed = named && matchInStage(named, method, afterStage(path, stage) ?? '/')
  if (inNamed !== undefined) return inNamed
  const unnamed = byStage.get('$default')
  return unnamed && matchInStage(unnamed, method, path)
}

function matchInStage(
  { trie, fallback }: HttpRoutes,
  method: string,
  path: string,
): RouteTarget | undefined {
  const sent = segmentsOf(path, 'as sent')
  const segments = path.includes('%') ? sent.map(decodePath) : sent
  return (
    findRoute(trie, { segments, method, any: true, greedy: 'never' }) ??
    findRoute(trie, { segments, method, any: true, greedy: 'only' }) ??
    pick(fallback, { method, any: true })
  )
}

function firstSegment(path: string): string {
  const slash = path.indexOf('/', 1)
  return slash === -1 ? path.slice(1) : path.slice(1, slash)
}

/** The segments of a path; none for `/`. */
function segmentsOf(path: string, how: 'as sent' | 'without trailing slashes'): string[] {
  const end = how === 'as sent' && path.length > 1 ? path.length : endWithoutSlashes(path)
  return end === 0 ? [] : path.slice(1, end).split('/')
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
