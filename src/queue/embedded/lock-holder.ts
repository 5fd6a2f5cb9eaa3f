import { readFileSync, statSync } from 'node:fs'

/** `node bin/spillway.js start (pid 4711)`: who holds a lock on a file; undefined where that cannot be known. */
export function lockHolder(path: string): string | undefined {
  try {
    const { ino } = statSync(path)
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      // `1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 1073741826 1073742335`
      const [, , , , pid = '', where = ''] = line.trim().split(/\s+/)
      if (where.split(':')[2] !== String(ino)) continue
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
      return `${command.slice(0, 120)} (pid ${pid})`
    }
  } catch {
    // Another system, or the process of somebody else.
  }
  return undefined
}
