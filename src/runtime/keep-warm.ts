import type { Clock } from '../lib/clock.ts'

/** How many environments of one pool are kept warm, and when those that are missing may start. */
export interface KeepWarm {
  /** The minimum. */
  count: number
  /** Nothing is started until `missing` is called again after this long; a rest that runs is kept. */
  rest(ms: number): void
  /** How many are to be started ahead of demand, where `have` are ready or starting. */
  missing(have: number): number
  stopResting(): void
}

/** `onRested` is told when a rest is over. */
export function createKeepWarm(clock: Clock, onRested: () => void): KeepWarm {
  let resting: Disposable | undefined
  return {
    count: 0,
    rest(ms) {
      resting ??= clock.after(ms, () => {
        resting = undefined
        onRested()
      })
    },
    missing(have) {
      return resting === undefined ? Math.max(0, this.count - have) : 0
    },
    stopResting() {
      resting?.[Symbol.dispose]()
      resting = undefined
    },
  }
}
