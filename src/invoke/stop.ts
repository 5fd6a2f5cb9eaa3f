/** Where the invocations of a node stand while it stops. */
export class Stop {
  /** Nothing new is let in. */
  refusing = false
  /** Nothing that has not begun is to begin. */
  givingUp = false
  /** Begun and not over, those that wait included. */
  running = 0
  /** Those in the gate's line. */
  readonly waiting: Set<{ cancel(): void }> = new Set()
  #onIdle: (() => void) | undefined

  leave(): void {
    this.running--
    if (this.running === 0) this.#onIdle?.()
  }

  giveUpWaiting(): void {
    this.refusing = true
    this.givingUp = true
    for (const each of this.waiting) each.cancel()
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.running === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onIdle = resolve
    await promise
  }
}
