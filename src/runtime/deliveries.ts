import type { Work } from './work.ts'

/** An invocation that was handed over. */
export interface Delivery {
  readonly work: Work
  readonly seq: number
  /** The first of its environment: its report shows the init. */
  readonly first: boolean
  started: boolean
  /** Since when nothing but the environment itself keeps it from beginning. */
  dueMs: number
  timer?: Disposable
  /** Log text that came before anyone knew that it had begun. */
  early?: string
  /** Its stream waits for its reader. */
  held?: boolean
}

/**
 * What an environment has, in the order it was handed over. An array: a map with an entry for each
 * invocation costs more than the search (`bench/README.md`).
 */
export interface Deliveries {
  readonly all: readonly Delivery[]
  add(delivery: Delivery): void
  find(seq: number): Delivery | undefined
  remove(delivery: Delivery): void
  removeAll(): Delivery[]
}

export function createDeliveries(): Deliveries {
  const all: Delivery[] = []
  return {
    all,
    add: (delivery) => void all.push(delivery),
    find(seq) {
      // Nearly always the first: they come back in the order they went out, more or less.
      for (const delivery of all)
        if (delivery.seq >= seq) return delivery.seq === seq ? delivery : undefined
      return undefined
    },
    remove(delivery) {
      if (all[0] === delivery) all.shift()
      else all.splice(all.indexOf(delivery), 1)
    },
    removeAll: () => all.splice(0),
  }
}
