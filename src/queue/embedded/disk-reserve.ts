import { closeSync, fstatSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { randomFillSync } from 'node:crypto'
import { join } from 'node:path'

/**
 * Room for what must still be possible on a full disk: SQLite needs some to delete, too, and a queue
 * that nobody can delete from is stuck.
 */
export interface DiskReserve {
  /** Whether there is so little left that nothing more is taken. */
  isShort(): boolean
  /** Gives the room back to the disk. */
  release(): void
  /** Takes it again, where there is enough. */
  renew(): void
}

const RESERVE_BYTES = 32 * 1024 * 1024
const BLOCK_BYTES = 1024 * 1024
/** Looking costs a call to the system. */
const LOOK_EVERY_MS = 1000
/** What is refused below: 256 MiB, or 5 % of a small disk. */
const LEFT_BYTES_MIN = 256 * 1024 * 1024
const LEFT_SHARE_MIN = 0.05

/** A reserve beside the queue's file. It is taken at the first `renew`. */
export function openReserve(directory: string, nowMs: () => number): DiskReserve {
  const path = join(directory, 'queue.reserve')
  let held = false
  let short = false
  let lookMs = -Infinity
  const look = (): { free: number; least: number; size: number } => {
    const { bavail, blocks, bsize } = statfsSync(directory)
    const size = blocks * bsize
    return { free: bavail * bsize, least: Math.min(LEFT_BYTES_MIN, size * LEFT_SHARE_MIN), size }
  }
  return {
    isShort() {
      if (nowMs() - lookMs < LOOK_EVERY_MS) return short
      lookMs = nowMs()
      const { free, least } = look()
      return (short = free < least)
    },
    release() {
      held = false
      short = true
      lookMs = nowMs()
      rmSync(path, { force: true })
    },
    renew() {
      if (held) return
      const { free, least, size } = look()
      // A disk this small is a test's, or nobody's.
      const bytes = Math.min(RESERVE_BYTES, Math.floor(size / 8))
      if (free < least + 2 * bytes) return
      held = fill(path, bytes)
    },
  }
}

/** Random bytes: some file systems keep zeros in no room at all. */
function fill(path: string, bytes: number): boolean {
  const fd = openSync(path, 'a', 0o600)
  try {
    const block = randomFillSync(Buffer.alloc(BLOCK_BYTES))
    for (let size = fstatSync(fd).size; size < bytes; size += block.length) writeSync(fd, block)
    return true
  } catch {
    rmSync(path, { force: true })
    return false
  } finally {
    closeSync(fd)
  }
}
