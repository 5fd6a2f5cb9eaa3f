import type { Work } from './protocol.ts'

/** Work that has nothing yet and may wait. */
export interface Waiter {
  readonly work: Work<'receive' | 'ready'>
  /** In the engine's time; may be Infinity. */
  readonly untilMs: number
}

/** Who waits for messages, by queue, in the order they came. */
export class Waiting {
  readonly #byQueue = new Map<string, Set<Waiter>>()
  readonly #byWork = new Map<number, Waiter>()

  add(waiter: Waiter): void {
    const { queue, id } = waiter.work
    const others = this.#byQueue.get(queue) ?? new Set()
    this.#byQueue.set(queue, others.add(waiter))
    this.#byWork.set(id, waiter)
  }

  remove({ work }: Waiter): void {
    const others = this.#byQueue.get(work.queue)
    const waiter = this.#byWork.get(work.id)
    if (waiter === undefined) return
    this.#byWork.delete(work.id)
    others?.delete(waiter)
    if (others?.size === 0) this.#byQueue.delete(work.queue)
  }

  of(queue: string): Iterable<Waiter> {
    return this.#byQueue.get(queue) ?? []
  }

  byWork(workId: number): Waiter | undefined {
    return this.#byWork.get(workId)
  }

  get isEmpty(): boolean {
    return this.#byWork.size === 0
  }

  /** When the first of them has waited long enough. */
  get nextMs(): number {
    let nextMs = Infinity
    for (const { untilMs } of this.#byWork.values()) nextMs = Math.min(nextMs, untilMs)
    return nextMs
  }

  /** Those who have waited long enough. */
  over(nowMs: number): Waiter[] {
    return [...this.#byWork.values()].filter(({ untilMs }) => untilMs <= nowMs)
  }

  all(): Waiter[] {
    return [...this.#byWork.values()]
  }
}
