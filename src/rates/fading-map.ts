/** A map that forgets. */
export interface FadingMap<T> {
  /** How much it remembers. */
  readonly size: number
  get(key: string, nowMs: number): T | undefined
  set(key: string, value: T): void
}

/**
 * Forgets what nobody has set for `lifeMs`, between one and two times as late. Two generations, the
 * older of which goes as a whole, so that no request pays for a sweep.
 */
export function createFadingMap<T>(lifeMs: number): FadingMap<T> {
  let young = new Map<string, T>()
  let old = new Map<string, T>()
  let turnsAtMs = -Infinity
  return {
    get size() {
      return young.size + old.size
    },
    get(key, nowMs) {
      if (nowMs >= turnsAtMs) {
        old = nowMs >= turnsAtMs + lifeMs ? new Map<string, T>() : young
        young = new Map<string, T>()
        turnsAtMs = nowMs + lifeMs
      }
      return young.get(key) ?? old.get(key)
    },
    set(key, value) {
      young.set(key, value)
    },
  }
}
