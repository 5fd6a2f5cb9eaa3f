import { setTimeout as after } from 'node:timers/promises'

const LOOK_EVERY_MS = 10
/** Far above what anything here takes on a busy machine. */
const GIVE_UP_MS = 60_000

/**
 * Looks until it sees what it is waiting for, for what says nothing by itself: files, `/proc`, other
 * processes' counts. @throws {Error} after a minute, naming what did not come.
 */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<T & {}> {
  const giveUpMs = performance.now() + GIVE_UP_MS
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== null && seen !== false) return seen
    if (performance.now() > giveUpMs) throw new Error(`waited a minute in vain for: ${what}`)
    await after(LOOK_EVERY_MS)
  }
}
