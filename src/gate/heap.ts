import type { LimitNode, ParkedLeaves } from './tree.ts'

/** The fourth of a line's places: among those parked at a tag. */
export const PARKED = 3

/**
 * Nodes in the order in which they are to be let in: a binary heap that knows the place of each, so
 * that one whose key has changed is put right in O(log n). One for each rank at an inner node, and
 * one at a tag for the leaves that wait for it, of any rank.
 */
export class NodeHeap implements ParkedLeaves {
  /** A rank of priority, or `PARKED`. */
  readonly #slot: number
  readonly #nodes: LimitNode[] = []

  constructor(slot: number) {
    this.#slot = slot
  }

  get size(): number {
    return this.#nodes.length
  }

  get first(): LimitNode | undefined {
    return this.#nodes[0]
  }

  push(node: LimitNode): void {
    this.#nodes.push(node)
    this.#rise(node, this.#nodes.length - 1)
  }

  remove(node: LimitNode): void {
    this.removeAt(placeOf(node, this.#slot))
  }

  removeAt(place: number): void {
    const node = this.#nodes[place]
    const last = this.#nodes.pop()
    if (node === undefined || last === undefined) return
    setPlace(node, this.#slot, -1)
    if (last === node) return
    this.#rise(last, place)
    this.settle(last)
  }

  /** Puts a node right whose key has changed. */
  settle(node: LimitNode): void {
    const place = placeOf(node, this.#slot)
    this.#rise(node, place)
    if (placeOf(node, this.#slot) === place) this.#sink(node, place)
  }

  #rise(node: LimitNode, from: number): void {
    const nodes = this.#nodes
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const other = nodes[above] as LimitNode
      if (!goesBefore(node, other, this.#slot)) break
      nodes[place] = other
      setPlace(other, this.#slot, place)
      place = above
    }
    nodes[place] = node
    setPlace(node, this.#slot, place)
  }

  #sink(node: LimitNode, from: number): void {
    const nodes = this.#nodes
    const { length } = nodes
    let place = from
    for (;;) {
      let below = 2 * place + 1
      if (below >= length) break
      const right = below + 1
      if (
        right < length &&
        goesBefore(nodes[right] as LimitNode, nodes[below] as LimitNode, this.#slot)
      ) {
        below = right
      }
      const other = nodes[below] as LimitNode
      if (!goesBefore(other, node, this.#slot)) break
      nodes[place] = other
      setPlace(other, this.#slot, place)
      place = below
    }
    nodes[place] = node
    setPlace(node, this.#slot, place)
  }
}

function placeOf({ line }: LimitNode, slot: number): number {
  return line?.places[slot] ?? -1
}

function setPlace({ line }: LimitNode, slot: number, place: number): void {
  if (line !== undefined) line.places[slot] = place
}

/**
 * Who is let in first: who fits into a guarantee, then who is below its guarantee (a part of which
 * may be lent), then who holds least for its weight, then who waits longest. Seats in use and not
 * work done, because that needs no guess of durations and no bookkeeping of the past.
 */
export function goesBefore(a: LimitNode, b: LimitNode, slot: number): boolean {
  const rank = slot === PARKED ? bestRank(a) : slot
  if (slot === PARKED && rank !== bestRank(b)) return rank < bestRank(b)
  const absorbed = absorbedOf(a, rank) - absorbedOf(b, rank)
  if (absorbed !== 0) return absorbed > 0
  const owed = Number(a.inner < a.guarantee) - Number(b.inner < b.guarantee)
  if (owed !== 0) return owed > 0
  const share = a.inUse * b.weight - b.inUse * a.weight
  if (share !== 0) return share < 0
  return ticketOf(a, rank) < ticketOf(b, rank)
}

function absorbedOf({ line }: LimitNode, rank: number): number {
  return line?.absorbed[rank] ?? 0
}

function ticketOf({ line }: LimitNode, rank: number): number {
  return line?.tickets[rank] ?? 0
}

function bestRank({ line }: LimitNode): number {
  return line === undefined ? PARKED : line.waiting.findIndex((count) => count > 0)
}
