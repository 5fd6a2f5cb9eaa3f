import { realClock, type Clock } from '../../src/lib/clock.ts'

/** The machine's clock, which can be set forward: what would come in a minute comes now. */
export interface JumpClock extends Clock {
  jump(ms: number): void
}

export function jumpClock(): JumpClock {
  let offsetMs = 0
  const timers = new Set<{ atMs: number; fire: () => void; timer: Disposable }>()
  const nowMs = (): number => realClock.nowMs() + offsetMs
  return {
    nowMs,
    wallMs: () => realClock.wallMs() + offsetMs,
    after(delayMs, callback) {
      const fire = (): void => {
        timers.delete(entry)
        callback()
      }
      const entry = { atMs: nowMs() + delayMs, fire, timer: realClock.after(delayMs, fire) }
      timers.add(entry)
      return {
        [Symbol.dispose]() {
          timers.delete(entry)
          entry.timer[Symbol.dispose]()
        },
      }
    },
    jump(ms) {
      offsetMs += ms
      for (const entry of timers) {
        entry.timer[Symbol.dispose]()
        entry.timer = realClock.after(Math.max(0, entry.atMs - nowMs()), entry.fire)
      }
    },
  }
}
