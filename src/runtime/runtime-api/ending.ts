import { readFileSync } from 'node:fs'

/** Of the kernel's flags of a task: it has begun to exit, and runs no more code of its own. */
const PF_EXITING = 4

/** Whether a process runs no more of its code: it is exiting, or gone. False where there is no /proc. */
export function isEnding(pid: number): boolean {
  if (process.platform !== 'linux') return false
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[6]) & PF_EXITING) !== 0 || fields[0] === 'Z' || fields[0] === 'X'
  } catch {
    return true
  }
}

/** The most memory that a process has had in use so far, in MB; 0 where nobody can tell. */
export function peakMemoryMbOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}
