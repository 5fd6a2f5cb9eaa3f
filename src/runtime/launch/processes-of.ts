import { readdirSync, readFileSync } from 'node:fs'

/**
 * Kills every process of a user and says how many there were: where there is no control group, that
 * finds what has left the process group too. Only for a user that is one environment's.
 */
export function killProcessesOf(uid: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && userOf(name) === uid)
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // Gone in the meantime.
    }
  }
  return pids.length
}

/** By the file's words and not by its owner: a process can have that hidden. Zombies are gone. */
function userOf(pid: string): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    if (/^State:\s+[ZX]/m.test(status)) return undefined
    return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1])
  } catch {
    return undefined
  }
}
