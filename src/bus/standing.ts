/** In which lists something stands, by number from the outermost on, and in which of their elements. */
export type Standing = ReadonlyMap<number, number>

export const NOWHERE: Standing = new Map()

/** The different ones among these, each with what it has of these lists only. */
export function distinct(standings: readonly Standing[], lists: ReadonlySet<number>): Standing[] {
  const kept = new Map<string, Standing>()
  for (const standing of standings) {
    const entries = [...standing].filter(([list]) => lists.has(list))
    kept.set(entries.toSorted(([one], [other]) => one - other).join(' '), new Map(entries))
  }
  return [...kept.values()]
}

/**
 * Where things stand, as a tree: those that can stand together with another are found without looking
 * at the rest. (Pairs of two lists of ten thousand elements would take seconds.)
 */
export class Standings {
  readonly #root: Branching = { here: undefined, lists: new Map() }

  constructor(standings: readonly Standing[]) {
    for (const standing of standings) this.#add(standing)
  }

  /** Where each of them stands together with `other`: never in two elements of one list. */
  *togetherWith(other: Standing): Generator<Standing> {
    for (const standing of consistent(this.#root, other)) {
      if (standing.size === 0) yield other
      else yield other.size === 0 ? standing : new Map([...other, ...standing])
    }
  }

  #add(standing: Standing): void {
    let node = this.#root
    for (const [list, at] of standing) {
      const elements = getOr(node.lists, list, () => new Map<number, Branching>())
      node = getOr(elements, at, () => ({ here: undefined, lists: new Map() }))
    }
    node.here = standing
  }
}

interface Branching {
  here: Standing | undefined
  /** By list, then by element. */
  readonly lists: Map<number, Map<number, Branching>>
}

function* consistent(node: Branching, other: Standing): Generator<Standing> {
  if (node.here !== undefined) yield node.here
  for (const [list, elements] of node.lists) {
    const at = other.get(list)
    const chosen = at === undefined ? elements.values() : [elements.get(at)]
    for (const element of chosen) {
      if (element !== undefined) yield* consistent(element, other)
    }
  }
}

function getOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
