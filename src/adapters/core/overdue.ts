/** Something that ends by itself unless its time is over first. */
export interface Timed {
  /** By `performance.now`. */
  readonly deadlineMs: number
  /** Where it is kept; set here. */
  slot: number
  onTimeout(): void
}

/** Watches over what must not take longer than its time. */
export interface Watch {
  add(timed: Timed): void
  /** Twice is once. */
  remove(timed: Timed): void
}

/** Of the time that something may take, at most so much is added. */
const LATE_BY = 0.01
const [TICK_MIN_MS, TICK_MAX_MS] = [5, 100]

/**
 * Looks at all that runs every now and then: a timer for each call costs a twentieth of a request.
 * Nothing ticks while nothing runs, and what ticks does not keep the process alive.
 */
export function createWatch(timeMs: number): Watch {
  const slots: (Timed | undefined)[] = []
  const free: number[] = []
  const tickMs = Math.min(TICK_MAX_MS, Math.max(TICK_MIN_MS, timeMs * LATE_BY))
  let ticker: NodeJS.Timeout | undefined

  const tick = (): void => {
    const nowMs = performance.now()
    // Backwards, because those whose time is over leave.
    for (let i = slots.length - 1; i >= 0; i--) {
      const timed = slots[i]
      if (timed !== undefined && timed.deadlineMs <= nowMs) timed.onTimeout()
    }
    if (free.length < slots.length) return
    clearInterval(ticker)
    ticker = undefined
  }

  return {
    add(timed) {
      timed.slot = free.pop() ?? slots.length
      slots[timed.slot] = timed
      ticker ??= setInterval(tick, tickMs).unref()
    },
    remove(timed) {
      if (slots[timed.slot] !== timed) return
      slots[timed.slot] = undefined
      free.push(timed.slot)
    },
  }
}
