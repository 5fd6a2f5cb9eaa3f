import { EVERYONE, type Pool } from './pool.ts'

/**
 * Stands for the environments of a function whose runtime is not served: limits apply to it as to
 * every other, and who is let in is told what is missing.
 */
export function createUnservedPool(message: string, publishSlots: (slots: number) => void): Pool {
  publishSlots(EVERYONE)
  return {
    run(work) {
      queueMicrotask(() => work.onEnd({ kind: 'unserved', why: 'not_served', message }))
    },
    keepWarm() {},
    warmth: () => ({ ready: 0, failing: true }),
    terminate() {},
    kill() {},
    renew() {},
    close: async () => publishSlots(0),
    counts: () => ({ idle: 0, busy: 0, starting: 0 }),
    reconsider() {},
    keptWarm: () => 0,
    oldestIdleMs: () => undefined,
    evictOldestIdle() {},
  }
}
