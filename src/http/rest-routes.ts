import { withoutLeadingSlashes } from '../events/path.ts'
import { addRoute, findRoute, newTrie, type TrieNode } from './route-trie.ts'
import type { RouteTarget } from './router.ts'
import { segmentsOf } from './segments.ts'

/** Routes of REST APIs. */
export type RestTrie = TrieNode<RouteTarget>

export function restTrie(targets: readonly RouteTarget[]): RestTrie {
  const trie = newTrie<RouteTarget>()
  for (const target of targets) addRoute(trie, target.route.method, target.route.path, target)
  return trie
}

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

export function matchRest(trie: RestTrie, method: string, path: string): RouteTarget | undefined {
  const segments = segmentsOf(withoutLeadingSlashes(path), 'without trailing slashes')
  return findRoute(trie, { segments, method, any: REST_ANY.has(method), greedy: 'too' })
}

/** The part of a trie under one literal first segment. */
export function under(trie: RestTrie, segment: string): RestTrie {
  const child = trie.literals.get(segment)
  const literals = new Map(child === undefined ? [] : [[segment, child]])
  return { ...newTrie<RouteTarget>(), literals }
}
