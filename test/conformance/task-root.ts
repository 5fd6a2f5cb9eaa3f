import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Case } from './cases.ts'

/** Where Lambda unpacks a function's code; some cases see that path from inside. */
const TASK_ROOT = '/var/task'
const RETRY_MS = 200
const RETRIES = 150

/** Whether a case expects to see the path from inside. */
export function seesTaskRoot({ expected }: Case): boolean {
  return JSON.stringify(expected).includes(TASK_ROOT)
}

/** Whether this user may make the link. */
export function mayMakeTaskRoot(): boolean {
  return process.getuid?.() === 0
}

let tail: Promise<unknown> = Promise.resolve()

/**
 * Lets `/var/task` be the folder while `play` runs, one case at a time.
 * @throws {Error} when this user may not make the link, or something else stands there.
 */
export async function withTaskRoot<T>(
  folder: string,
  play: (taskRoot: string) => Promise<T>,
): Promise<T> {
  const turn = tail.then(async () => {
    await link(folder)
    try {
      return await play(TASK_ROOT)
    } finally {
      rmSync(TASK_ROOT)
    }
  })
  tail = turn.catch(() => {})
  return await turn
}

async function link(folder: string): Promise<void> {
  if (!mayMakeTaskRoot()) {
    throw new Error(`the case needs ${TASK_ROOT}, and only root may make it; run this one as root`)
  }
  mkdirSync(dirname(TASK_ROOT), { recursive: true })
  // Another run on this machine may be using it just now.
  for (let i = 0; i < RETRIES && isTaken(); i++) await delay(RETRY_MS)
  if (isTaken()) throw new Error(`the case needs ${TASK_ROOT}, and something else is there`)
  symlinkSync(folder, TASK_ROOT)
}

/** A link to nowhere was left behind by a run that was killed: it goes. */
function isTaken(): boolean {
  if (lstatSync(TASK_ROOT, { throwIfNoEntry: false }) === undefined) return false
  if (!lstatSync(TASK_ROOT).isSymbolicLink() || existsSync(readlinkSync(TASK_ROOT))) return true
  rmSync(TASK_ROOT)
  return false
}
