import type { Clock } from './clock.ts'

/** Something that has until a moment, and is told when that has come. */
export interface Timed {
  /** On the clock's `nowMs`. */
  readonly dueMs: number
  /** Its place among the others: the keeper's. -1 outside. */
  slot: number
  onDue(): void
}

/**
 * Keeps the deadlines of many that nearly all end before theirs: one alarm serves all of them, and
 * who comes and goes costs next to nothing. A timer for each cost as much as finding its route.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #all: Timed[] = []
  #alarm: Disposable | undefined
  #alarmMs = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(timed: Timed): void {
    timed.slot = this.#all.push(timed) - 1
    if (timed.dueMs < this.#alarmMs) this.#set(timed.dueMs)
  }

  /** Nothing happens to what has been told, or was never added. */
  remove(timed: Timed): void {
    const { slot } = timed
    if (slot === -1) return
    timed.slot = -1
    const last = this.#all.pop()
    if (last === undefined || last === timed) return
    this.#all[slot] = last
    last.slot = slot
  }

  #set(dueMs: number): void {
    this.#alarm?.[Symbol.dispose]()
    this.#alarmMs = dueMs
    this.#alarm = this.#clock.after(dueMs - this.#clock.nowMs(), () => this.#ring())
  }

  #ring(): void {
    this.#alarmMs = Infinity
    const nowMs = this.#clock.nowMs()
    const due = this.#all.filter(({ dueMs }) => dueMs <= nowMs)
    for (const timed of due) this.remove(timed)
    let nextMs = Infinity
    for (const { dueMs } of this.#all) nextMs = Math.min(nextMs, dueMs)
    if (nextMs < Infinity) this.#set(nextMs)
    for (const timed of due) timed.onDue()
  }
}
