import type { Clock } from '../lib/clock.ts'
import type { Waiter } from './line.ts'

/** Fewer dead entries than this are not worth a sweep. */
const DEAD_MIN = 64

/** A place in the heap; dead once its waiter has left, or is to be looked at at another time. */
interface Entry {
  readonly atMs: number
  readonly waiter: Waiter
}

/**
 * When those in line are to be looked at again, the earliest first. Leaving costs nothing: what is
 * left behind is dropped when its time comes, or when half of all entries are dead.
 */
export class Expiries {
  readonly #clock: Clock
  readonly #onExpired: (waiter: Waiter) => void
  readonly #onDone: () => void
  #entries: Entry[] = []
  #dead = 0
  #alarm: { readonly atMs: number; readonly timer: Disposable } | undefined

  /** `onDone` is called after all that were due at one moment. */
  constructor(clock: Clock, onExpired: (waiter: Waiter) => void, onDone: () => void) {
    this.#clock = clock
    this.#onExpired = onExpired
    this.#onDone = onDone
  }

  /** Watches someone until `expiresMs`. Who is watched already is to be forgotten first. */
  watch(waiter: Waiter): void {
    if (waiter.expiresMs === Infinity) return
    this.#push({ atMs: waiter.expiresMs, waiter })
    this.#setAlarm()
  }

  /** One entry of someone who has left, or is watched for another time, is dead. */
  forget(waiter: Waiter): void {
    if (waiter.expiresMs === Infinity) return
    waiter.expiresMs = Infinity
    this.#dead++
    if (this.#dead < DEAD_MIN || this.#dead * 2 < this.#entries.length) return
    const alive = this.#entries.filter(isAlive)
    this.#dead = 0
    // Sorted is a heap, too.
    this.#entries = alive.sort((a, b) => a.atMs - b.atMs)
  }

  #expire(): void {
    const nowMs = this.#clock.nowMs()
    for (let first = this.#entries[0]; first !== undefined; first = this.#entries[0]) {
      if (first.atMs > nowMs && isAlive(first)) break
      this.#pop()
      if (!isAlive(first)) {
        this.#dead--
        continue
      }
      first.waiter.expiresMs = Infinity
      this.#onExpired(first.waiter)
    }
    this.#setAlarm()
    this.#onDone()
  }

  #setAlarm(): void {
    const atMs = this.#entries[0]?.atMs
    if (atMs === undefined || (this.#alarm !== undefined && this.#alarm.atMs <= atMs)) return
    this.#alarm?.timer[Symbol.dispose]()
    const timer = this.#clock.after(atMs - this.#clock.nowMs(), () => {
      this.#alarm = undefined
      this.#expire()
    })
    this.#alarm = { atMs, timer }
  }

  #push(entry: Entry): void {
    const entries = this.#entries
    let place = entries.length
    for (; place > 0;) {
      const above = (place - 1) >> 1
      const other = entries[above] as Entry
      if (other.atMs <= entry.atMs) break
      entries[place] = other
      place = above
    }
    entries[place] = entry
  }

  #pop(): void {
    const entries = this.#entries
    const last = entries.pop()
    if (last === undefined || entries.length === 0) return
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= entries.length) break
      const right = below + 1
      if (right < entries.length && (entries[right] as Entry).atMs < (entries[below] as Entry).atMs)
        below = right
      const other = entries[below] as Entry
      if (other.atMs >= last.atMs) break
      entries[place] = other
      place = below
    }
    entries[place] = last
  }
}

function isAlive({ atMs, waiter }: Entry): boolean {
  return waiter.expiresMs === atMs
}
