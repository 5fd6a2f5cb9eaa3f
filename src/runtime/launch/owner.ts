import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Names this server in what it leaves on the machine (folders, control groups, users), so that the
 * next one can tell what nobody holds any more: its process id, when it started, since ids come
 * again, and the namespace that the id counts in.
 */
export function ownTag(): string {
  return `${process.pid}-${startTicks(process.pid) ?? 0}-${namespace()}`
}

/** Whether the server of this tag is gone; false where that cannot be known from here. */
export function isGone(tag: string): boolean {
  const [, pid, ticks, counted] = /^(\d+)-(\d+)-(\w+)$/.exec(tag) ?? []
  if (pid === undefined || counted !== namespace()) return false
  const now = startTicks(Number(pid))
  return now === undefined ? !isAlive(Number(pid)) : String(now) !== ticks
}

/** Field 22 of `/proc/<pid>/stat`; undefined where there is no such process, or no `/proc`. */
function startTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before it is in brackets and may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    return 'host'
  }
}
