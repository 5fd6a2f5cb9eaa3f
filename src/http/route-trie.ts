import { parseTemplate } from '../events/path.ts'

/** Routes by path segment. Every node is reached by one path, so a search sees it at most once. */
export interface TrieNode<T> {
  readonly literals: Map<string, TrieNode<T>>
  parameter: TrieNode<T> | undefined
  /** Routes that end here, by method. */
  readonly here: Map<string, T>
  /** `{proxy+}` routes that begin here, by method. */
  readonly greedy: Map<string, T>
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

/** An empty trie. */
export function newTrie<T>(): TrieNode<T> {
  return { literals: new Map(), parameter: undefined, here: new Map(), greedy: new Map() }
}

/** Adds a route. Of two with the same method and path the first stays. */
export function addRoute<T>(root: TrieNode<T>, method: string, path: string, value: T): void {
  let node = root
  for (const { kind, text } of parseTemplate(path).segments) {
    if (kind === 'greedy') {
      setIfAbsent(node.greedy, method, value)
      return
    }
    node = kind === 'literal' ? literalChild(node, text) : (node.parameter ??= newTrie())
  }
  setIfAbsent(node.here, method, value)
}

function literalChild<T>(node: TrieNode<T>, text: string): TrieNode<T> {
  const known = node.literals.get(text)
  if (known !== undefined) return known
  const child = newTrie<T>()
  node.literals.set(text, child)
  return child
}

function setIfAbsent<T>(routes: Map<string, T>, method: string, value: T): void {
  if (!routes.has(method)) routes.set(method, value)
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
