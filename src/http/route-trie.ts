import { parseTemplate } from '../events/path.ts'

/** Routes by path segment. Every node is reached by one path, so a search sees it at most once. */
export interface TrieNode<T> {
  literals: ReadonlyMap<string, TrieNode<T>>
  parameter: TrieNode<T> | undefined
  /** Routes that end here, by method. */
  here: ReadonlyMap<string, T>
  /** `{proxy+}` routes that begin here, by method. */
  greedy: ReadonlyMap<string, T>
}

/** What to look for. */
export interface Ask {
  readonly segments: readonly string[]
  readonly method: string
  /** Whether `ANY` covers this method. */
  readonly any: boolean
  /** Whether greedy routes count, beside the others or alone. */
  readonly greedy: 'too' | 'never' | 'only'
}

/** Most nodes lead to one thing: an empty map for each of the others would be half of a trie. */
const NONE: ReadonlyMap<string, never> = new Map<string, never>()

/** An empty trie. */
export function newTrie<T>(): TrieNode<T> {
  return { literals: NONE, parameter: undefined, here: NONE, greedy: NONE }
}

/** Adds a route. Of two with the same method and path the first stays. */
export function addRoute<T>(root: TrieNode<T>, method: string, path: string, value: T): void {
  let node = root
  for (const { kind, text } of parseTemplate(path).segments) {
    if (kind === 'greedy') {
      node.greedy = withAbsent(node.greedy, method, value)
      return
    }
    node = kind === 'literal' ? literalChild(node, text) : (node.parameter ??= newTrie())
  }
  node.here = withAbsent(node.here, method, value)
}

function literalChild<T>(node: TrieNode<T>, text: string): TrieNode<T> {
  const known = node.literals.get(text)
  if (known !== undefined) return known
  const child = newTrie<T>()
  node.literals = withAbsent(node.literals, text, child)
  return child
}

/** The same map, unless that is the one that all share. */
function withAbsent<T>(map: ReadonlyMap<string, T>, key: string, value: T): ReadonlyMap<string, T> {
  if (map === NONE) return new Map([[key, value]])
  if (!map.has(key)) (map as Map<string, T>).set(key, value)
  return map
}

/**
 * The most specific route from `node` on that has the method: at each segment a literal before a
 * parameter before the rest, and a route without the method is as good as none. The deepest greedy
 * route is tried first. `{proxy+}` takes one segment at least.
 */
export function findRoute<T>(node: TrieNode<T>, ask: Ask, index: number = 0): T | undefined {
  const segment = ask.segments[index]
  if (segment === undefined) return ask.greedy === 'only' ? undefined : pick(node.here, ask)
  const literal = node.literals.get(segment)
  const byLiteral = literal && findRoute(literal, ask, index + 1)
  if (byLiteral !== undefined) return byLiteral
  if (node.parameter !== undefined && segment !== '') {
    const byParameter = findRoute(node.parameter, ask, index + 1)
    if (byParameter !== undefined) return byParameter
  }
  const nothingLeft = segment === '' && index === ask.segments.length - 1
  return ask.greedy === 'never' || nothingLeft ? undefined : pick(node.greedy, ask)
}

/** A method of its own before `ANY`. */
export function pick<T>(
  routes: ReadonlyMap<string, T>,
  ask: Pick<Ask, 'method' | 'any'>,
): T | undefined {
  if (routes.size === 0) return undefined
  return routes.get(ask.method) ?? (ask.any ? routes.get('ANY') : undefined)
}
