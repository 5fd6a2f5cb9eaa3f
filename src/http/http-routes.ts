import { decodePath } from '../events/escapes.ts'
import { afterStage } from '../events/path.ts'
import { addRoute, findRoute, newTrie, pick, type TrieNode } from './route-trie.ts'
import type { RouteTarget } from './router.ts'
import { segmentsOf } from './segments.ts'

/** Routes of HTTP APIs and Function URLs: full before greedy before `$default`. */
export interface HttpRoutes {
  /** A named stage is the path's first segment. */
  match(method: string, path: string): RouteTarget | undefined
  /** Whatever their stages are called: a base path leads to a stage already. */
  matchInAny(method: string, path: string): RouteTarget | undefined
}

export function createHttpRoutes(targets: readonly RouteTarget[]): HttpRoutes {
  const stages = new Map(
    [...Map.groupBy(targets, ({ api }) => api.stage)].map(([stage, own]) => [stage, toStage(own)]),
  )
  const unnamed = stages.get('$default')
  return {
    match(method, path) {
      if (stages.size === 0) return undefined
      const slash = path.indexOf('/', 1)
      const stage = slash === -1 ? path.slice(1) : path.slice(1, slash)
      const named = stages.get(stage)
      const inNamed = named && matchInStage(named, method, afterStage(path, stage) ?? '/')
      return inNamed ?? (unnamed && matchInStage(unnamed, method, path))
    },
    matchInAny(method, path) {
      for (const stage of stages.values()) {
        const found = matchInStage(stage, method, path)
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}

interface Stage {
  readonly trie: TrieNode<RouteTarget>
  /** `$default` routes, by method: `ANY`. */
  readonly fallback: Map<string, RouteTarget>
}

function toStage(targets: readonly RouteTarget[]): Stage {
  const stage: Stage = { trie: newTrie(), fallback: new Map() }
  for (const target of targets) {
    const { method, path } = target.route
    if (path !== '$default') addRoute(stage.trie, method, path, target)
    else if (!stage.fallback.has(method)) stage.fallback.set(method, target)
  }
  return stage
}

function matchInStage(
  { trie, fallback }: Stage,
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
