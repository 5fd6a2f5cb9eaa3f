import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const OTHERS_READ = 0o4
const OTHERS_ENTER = 0o1

/** Whether every user of the machine may read and run what is at a path, links followed. */
export function isReachable(path: string): boolean {
  try {
    const real = realpathSync(path)
    const mode = statSync(real).mode
    const wanted = OTHERS_READ | OTHERS_ENTER
    return (mode & wanted) === wanted && mayEnter(dirname(path)) && mayEnter(dirname(real))
  } catch {
    return false
  }
}

function mayEnter(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & OTHERS_ENTER) === 0) return false
    if (at === dirname(at)) return true
  }
}
