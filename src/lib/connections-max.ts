import { readFileSync } from 'node:fs'

const CONNECTIONS_MAX = 16_384

/**
 * How many connections one listener takes: half the files that this process may open, because
 * environments need some too, and without one left nothing could be accepted, read or started.
 */
export function connectionsMax(limits: string = readLimits()): number {
  const [, files] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
  return files === undefined ? CONNECTIONS_MAX : Math.min(CONNECTIONS_MAX, Number(files) >> 1)
}

/** Linux only; Node itself raises the limit as far as it may. */
function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
