/** Something that ends by itself unless its time is over first. */
export interface Timed {
  /** Where it is kept, and by which tick it must have ended; both set here. */
  slot: number
  untilTick: number
  onTimeout(): void
}

/** Watches over what must not take longer than a certain time, the same for all. */
export interface Watch {
  add(timed: Timed): void
  /** Twice is once. */
  remove(timed: Timed): void
}

/** To the time that something may take, at most so much is added. */
const LATE_BY = 0.02
const [TICK_MIN_MS, TICK_MAX_MS] = [1, 100]

/**
 * Counts ticks, and looks at all that runs with each: a timer and a look at the clock for each call
 * would cost a twentieth of a request. Nothing ticks while nothing runs, and what ticks does not keep
 * the process alive.
 */
export function createWatch(timeMs: number): Watch {
  const slots: (Timed | undefined)[] = []
  const free: number[] = []
  const tickMs = Math.min(TICK_MAX_MS, Math.max(TICK_MIN_MS, timeMs * LATE_BY))
  // The first tick may come at once.
  const ticks = Math.ceil(timeMs / tickMs) + 1
  let tick = 0
  let ticker: NodeJS.Timeout | undefined

  const onTick = (): void => {
    tick++
    for (const timed of slots) if (timed !== undefined && timed.untilTick <= tick) timed.onTimeout()
    if (free.length < slots.length) return
    clearInterval(ticker)
    ticker = undefined
  }

  return {
    add(timed) {
      timed.untilTick = tick + ticks
      timed.slot = free.pop() ?? slots.length
      slots[timed.slot] = timed
      ticker ??= setInterval(onTick, tickMs).unref()
    },
    remove(timed) {
      if (slots[timed.slot] !== timed) return
      slots[timed.slot] = undefined
      free.push(timed.slot)
    },
  }
}
