import type { Standing } from './line.ts'

/**
 * Standings in the order in which they are to be let in: the lowest key first, then the lowest ticket.
 * A binary heap in which each knows its place, so that one whose key has changed is put right in
 * O(log n). Keys stand beside the standings: thousands of these are spread over memory, and comparing
 * would be mostly waiting for it.
 */
export class Heap {
  readonly #standings: Standing[] = []
  readonly #keys: number[] = []
  readonly #tickets: number[] = []

  get size(): number {
    return this.#standings.length
  }

  get first(): Standing | undefined {
    return this.#standings[0]
  }

  /** Any that is so; in no order. */
  find(isSo: (standing: Standing) => boolean): Standing | undefined {
    return this.#standings.find(isSo)
  }

  push(standing: Standing): void {
    standing.heap = this
    this.#rise(standing, this.#standings.length)
  }

  remove(standing: Standing): void {
    const { place } = standing
    const last = this.#standings.pop() as Standing
    this.#keys.pop()
    this.#tickets.pop()
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
    const { key, ticket } = standing
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const other = this.#keys[above] as number
      if (other < key || (other === key && (this.#tickets[above] as number) <= ticket)) break
      this.#move(above, place)
      place = above
    }
    this.#put(standing, place)
  }

  #sink(standing: Standing, from: number): void {
    const { key, ticket } = standing
    const { length } = this.#standings
    let place = from
    for (;;) {
      let below = 2 * place + 1
      if (below >= length) break
      if (below + 1 < length && this.#goesBefore(below + 1, below)) below++
      const other = this.#keys[below] as number
      if (other > key || (other === key && (this.#tickets[below] as number) >= ticket)) break
      this.#move(below, place)
      place = below
    }
    this.#put(standing, place)
  }

  #goesBefore(a: number, b: number): boolean {
    const difference = (this.#keys[a] as number) - (this.#keys[b] as number)
    if (difference !== 0) return difference < 0
    return (this.#tickets[a] as number) < (this.#tickets[b] as number)
  }

  #move(from: number, to: number): void {
    const standing = this.#standings[from] as Standing
    this.#standings[to] = standing
    this.#keys[to] = this.#keys[from] as number
    this.#tickets[to] = this.#tickets[from] as number
    standing.place = to
  }

  #put(standing: Standing, place: number): void {
    this.#standings[place] = standing
    this.#keys[place] = standing.key
    this.#tickets[place] = standing.ticket
    standing.place = place
  }
}
