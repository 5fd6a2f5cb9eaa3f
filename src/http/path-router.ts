import { afterBasePath, afterStage, withoutLeadingSlashes } from '../events/path.ts'
import type { HttpApi } from '../model/app.ts'
import { createHttpRoutes, type HttpRoutes } from './http-routes.ts'
import { createListenerRules } from './listener-rules.ts'
import { reachedWithoutBase } from './reached.ts'
import { matchRest, restTrie, under, type RestTrie } from './rest-routes.ts'
import type { Asked, RouteMiss, RouteTarget } from './router.ts'

/** Finds routes by path, whatever the host is called. */
export interface PathRouter {
  match(asked: Asked): RouteTarget | RouteMiss
}

/**
 * What one path leads to, in this order:
 *
 * 1. an API with a base path that the path begins with, the longest first;
 * 2. a REST API whose stage is the path's first segment;
 * 3. HTTP APIs, a named stage before `$default`;
 * 4. the rules of load balancers, but before the `$default` route of an HTTP API;
 * 5. REST APIs without their stage. A path that begins with the stage of a REST API gets here only
 *    where a route spells that segment out: a parameter would take the stage for its value, where
 *    AWS answers 403.
 *
 * An API with a base path, or a stage, is reached without it too, wherever no other API has the same
 * route. A Function URL is reached at `/` where there is nothing else.
 *
 * Within each the most specific route of all APIs wins, and of two equal ones the first. REST APIs
 * compare segments as they were sent and ignore a trailing slash; HTTP APIs decode each segment
 * first (so `%2F` splits nothing), and to them a trailing slash matters (docs/reference/http.md).
 */
export function createPathRouter(
  apis: readonly HttpApi[],
  targets: readonly RouteTarget[],
): PathRouter {
  const bare = reachedWithoutBase(targets)
  const of = (...fronts: HttpApi['front'][]): RouteTarget[] =>
    bare.filter(({ api }) => fronts.includes(api.front))
  const rest = of('rest')
  const byStage = mapOf(rest, stageOf, restTrie)
  const unprefixed = restTrie(rest)
  const spelledOut = new Map([...byStage.keys()].map((stage) => [stage, under(unprefixed, stage)]))
  const http = createHttpRoutes(of('httpapi', 'function-url'))
  const findRule = createListenerRules(of('alb'))
  const bases = basesOf(targets)
  const nothing: RouteMiss = { miss: frontOfMiss(apis) }

  return {
    match(asked) {
      const { method, path } = asked
      const restPath = withoutLeadingSlashes(path)
      const based = matchBases(bases, method, restPath)
      if (based !== undefined && 'route' in based) return based
      const stage = firstSegment(restPath)
      const trie = byStage.get(stage)
      const staged = trie && matchRest(trie, method, afterStage(restPath, stage) ?? '/')
      if (staged !== undefined) return staged
      const found = http.match(method, path)
      if (found !== undefined && found.route.path !== '$default') return found
      return (
        findRule(asked) ??
        found ??
        matchRest(spelledOut.get(stage) ?? unprefixed, method, restPath) ??
        based ??
        (trie === undefined ? nothing : MISS_REST)
      )
    },
  }
}

const MISS_REST: RouteMiss = { miss: 'rest' }

/** Whose answer it is that there is no route: one kind speaks for all. */
function frontOfMiss(apis: readonly HttpApi[]): HttpApi['front'] {
  const present = new Set(apis.map(({ front }) => front))
  return SPEAKERS.find((front) => present.has(front)) ?? 'rest'
}

const SPEAKERS: readonly HttpApi['front'][] = ['httpapi', 'rest', 'alb', 'function-url']

function stageOf({ api }: RouteTarget): string {
  return api.stage
}

/** The APIs under one base path: a domain of their own, so to speak. */
interface Base {
  readonly basePath: string
  readonly rest: RestTrie
  readonly http: HttpRoutes
  readonly miss: RouteMiss
}

function basesOf(targets: readonly RouteTarget[]): Base[] {
  const mapped = targets.filter(({ api }) => api.basePath !== undefined)
  return [...Map.groupBy(mapped, ({ api }) => api.basePath ?? '')]
    .map(([basePath, own]) => ({
      basePath,
      rest: restTrie(own.filter(({ api }) => api.front === 'rest')),
      http: createHttpRoutes(own.filter(({ api }) => api.front !== 'rest')),
      miss: { miss: frontOfMiss(own.map(({ api }) => api)) },
    }))
    .toSorted((a, b) => b.basePath.length - a.basePath.length)
}

/** The route under a base path; else who is to say that there is none; undefined under no base path. */
function matchBases(
  bases: readonly Base[],
  method: string,
  path: string,
): RouteTarget | RouteMiss | undefined {
  let miss: RouteMiss | undefined
  for (const base of bases) {
    const rest = afterBasePath(path, base.basePath)
    if (rest === undefined) continue
    const found = matchRest(base.rest, method, rest) ?? base.http.matchInAny(method, rest)
    if (found !== undefined) return found
    miss ??= base.miss
  }
  return miss
}

function firstSegment(path: string): string {
  const slash = path.indexOf('/', 1)
  return slash === -1 ? path.slice(1) : path.slice(1, slash)
}

function mapOf<T>(
  targets: readonly RouteTarget[],
  keyOf: (target: RouteTarget) => string,
  make: (targets: readonly RouteTarget[]) => T,
): Map<string, T> {
  return new Map([...Map.groupBy(targets, keyOf)].map(([key, own]) => [key, make(own)]))
}
