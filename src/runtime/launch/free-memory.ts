import { readFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { findOwnGroups } from './control-groups.ts'

/** Older than this it is read again: those who are refused ask often. */
const FRESH_MS = 10

const V2 = { limit: 'memory.max', usage: 'memory.current', cache: 'inactive_file' }
const V1 = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  cache: 'total_inactive_file',
}

/**
 * Measures the memory that is free for more processes, in MiB: what the kernel could give without
 * swapping, or what the server's own control group leaves of its limit if that is less.
 */
export function createFreeMemory(nowMs: () => number): () => number {
  let readMs = -Infinity
  let freeMb = 0
  return () => {
    if (nowMs() - readMs < FRESH_MS) return freeMb
    readMs = nowMs()
    const { v2, v1 } = findOwnGroups()
    freeMb = Math.min(availableMb(), groupMb(v2, V2), groupMb(v1, V1))
    return freeMb
  }
}

/** What a control group leaves of its limit; files it has read and could drop do not count. */
function groupMb(folder: string | undefined, names: typeof V2): number {
  if (folder === undefined) return Infinity
  try {
    const limit = Number(readFileSync(join(folder, names.limit), 'utf8'))
    // `max`, or version 1's way to say that.
    if (!(limit < 2 ** 60)) return Infinity
    const usage = Number(readFileSync(join(folder, names.usage), 'utf8'))
    const stat = readFileSync(join(folder, 'memory.stat'), 'utf8')
    const cache = Number(new RegExp(`^${names.cache} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0)
    return (limit - usage + cache) / 2 ** 20
  } catch {
    return Infinity
  }
}

function availableMb(): number {
  try {
    const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
    return Number(kib) / 1024
  } catch {
    return freemem() / 2 ** 20
  }
}
