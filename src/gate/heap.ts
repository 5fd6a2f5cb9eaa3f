import type { Standing } from './line.ts'

/**
 * Standings in the order in which they are to be let in: a binary heap in which each knows its place,
 * so that one whose key has changed is put right in O(log n).
 */
export class Heap {
  readonly #standings: Standing[] = []

  get size(): number {
    return this.#standings.length
  }

  get first(): Standing | undefined {
    return this.#standings[0]
  }

  push(standing: Standing): void {
    standing.heap = this
    this.#standings.push(standing)
    this.#rise(standing, this.#standings.length - 1)
  }

  remove(standing: Standing): void {
    const { place } = standing
    const last = this.#standings.pop() as Standing
    standing.heap = undefined
    if (last === standing) return
    this.#rise(last, place)
    this.settle(last)
  }

  /** Puts one right whose key has changed. */
  settle(standing: Standing): void {
    const { place } = standing
    this.#rise(standing, place)
    if (standing.place === place) this.#sink(standing, place)
  }

  #rise(standing: Standing, from: number): void {
    const standings = this.#standings
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const other = standings[above] as Standing
      if (!goesBefore(standing, other)) break
      standings[place] = other
      other.place = place
      place = above
    }
    standings[place] = standing
    standing.place = place
  }

  #sink(standing: Standing, from: number): void {
    const standings = this.#standings
    const { length } = standings
    let place = from
    for (;;) {
      let below = 2 * place + 1
      if (below >= length) break
      let other = standings[below] as Standing
      if (below + 1 < length) {
        const right = standings[below + 1] as Standing
        if (goesBefore(right, other)) {
          other = right
          below++
        }
      }
      if (!goesBefore(other, standing)) break
      standings[place] = other
      other.place = place
      place = below
    }
    standings[place] = standing
    standing.place = place
  }
}

/**
 * Who is let in first: by tier, then who holds least for its weight, then who waits longest. Seats in
 * use and not work done, because that needs no guess of durations and no bookkeeping of the past.
 */
function goesBefore(a: Standing, b: Standing): boolean {
  if (a.tier !== b.tier) return a.tier < b.tier
  const share = a.inUse * b.weight - b.inUse * a.weight
  return share === 0 ? a.ticket < b.ticket : share < 0
}
