/** Time, passed in and never read: the simulator and the tests drive the same code with their own. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. For waits, timeouts and durations. */
  nowMs(): number
  /** Milliseconds since 1970. For what people and AWS's payloads read. */
  wallMs(): number
  /** Calls once after `delayMs` (`Infinity` means never). Dispose it to call it off. */
  after(delayMs: number, callback: () => void): Disposable
}

/** A timer longer than this fires at once in Node, so it is cut; nothing here waits 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's own clock. Its timers do not keep the process alive. */
export const realClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, callback) {
    if (delayMs === Infinity) return never
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS))
    ;(timer as { unref?: () => void }).unref?.()
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}

const never: Disposable = { [Symbol.dispose]: () => {} }

/** A clock that stands still until `advance` moves it. Timers fire in order, on time. */
export interface VirtualClock extends Clock {
  /** Moves time on by `ms`, firing every timer that falls due on the way. */
  advance(ms: number): void
}

/** A virtual clock; `startWallMs` is what `wallMs` reads at its zero. */
export function virtualClock(startWallMs: number = 0): VirtualClock {
  let nowMs = 0
  const timers = new Set<{ atMs: number; callback: () => void }>()

  const nextDue = (untilMs: number): { atMs: number; callback: () => void } | undefined => {
    let first: { atMs: number; callback: () => void } | undefined
    for (const timer of timers) {
      if (timer.atMs <= untilMs && (first === undefined || timer.atMs < first.atMs)) first = timer
    }
    return first
  }

  return {
    nowMs: () => nowMs,
    wallMs: () => startWallMs + nowMs,
    after(delayMs, callback) {
      if (delayMs === Infinity) return never
      const timer = { atMs: nowMs + Math.max(0, delayMs), callback }
      timers.add(timer)
      return { [Symbol.dispose]: () => void timers.delete(timer) }
    },
    advance(ms) {
      const untilMs = nowMs + ms
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer)
        nowMs = timer.atMs
        timer.callback()
      }
      nowMs = untilMs
    },
  }
}
