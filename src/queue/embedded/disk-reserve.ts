import { randomFillSync } from 'node:crypto'
import { rmSync, statfsSync } from 'node:fs'
import { open } from 'node:fs/promises'
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
  /** Takes it again, by and by, where there is enough. */
  renew(): void
}

/** More than SQLite's log takes before it is emptied. */
const RESERVE_BYTES = 32 * 1024 * 1024
const BLOCK_BYTES = 1024 * 1024
/** Looking costs a call to the system. */
const LOOK_EVERY_MS = 1000
/** What is refused below: 256 MiB, or 5 % of a small disk. */
const LEFT_BYTES_MIN = 256 * 1024 * 1024
const LEFT_SHARE_MIN = 0.05
/** Of a disk that is smaller than its reserve would be large. */
const RESERVE_SHARE_MAX = 0.125

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
  const release = (): void => {
    held = false
    rmSync(path, { force: true })
  }
  return {
    isShort() {
      if (nowMs() - lookMs < LOOK_EVERY_MS) return short
      lookMs = nowMs()
      const { free, least } = look()
      return (short = free < least)
    },
    release() {
      short = true
      lookMs = nowMs()
      release()
    },
    renew() {
      if (held) return
      const { free, least, size } = look()
      const bytes = Math.min(RESERVE_BYTES, Math.floor(size * RESERVE_SHARE_MAX))
      if (free < least + 2 * bytes) return
      held = true
      fill(path, bytes, () => held).catch(release)
    },
  }
}

/** Random bytes: some file systems keep zeros in no room at all. */
async function fill(path: string, bytes: number, isWanted: () => boolean): Promise<void> {
  const block = randomFillSync(Buffer.alloc(BLOCK_BYTES))
  await using file = await open(path, 'a', 0o600)
  let { size } = await file.stat()
  while (size < bytes && isWanted()) {
    const { bytesWritten } = await file.write(block, 0, Math.min(block.length, bytes - size))
    size += bytesWritten
  }
}
