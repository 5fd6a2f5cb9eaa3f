import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isGone, ownTag } from './owner.ts'

/** The folder that one environment has for its own, empty at first. */
export interface Folder {
  readonly path: string
  /** Takes it away with what is in it. */
  remove(): Promise<void>
}

export interface Folders {
  create(uid: number | undefined): Folder
}

const PREFIX = 'spillway-tmp-'

/** Makes them below the system's folder for such; what a killed server has left there goes first. */
export function createFolders(root: string = tmpdir()): Folders {
  sweep(root)
  // Not a name that somebody else could have made beforehand.
  const own = mkdtempSync(join(root, `${PREFIX}${ownTag()}-`))
  chmodSync(own, 0o711) // Passed by users who have a folder in it, and read by none.
  process.once('exit', () => rmSync(own, { recursive: true, force: true }))
  let made = 0
  return {
    create(uid) {
      const path = join(own, String(++made))
      mkdirSync(path, { mode: 0o700 })
      if (uid !== undefined) chownSync(path, uid, uid)
      return { path, remove: () => rm(path, { recursive: true, force: true }) }
    },
  }
}

function sweep(root: string): void {
  for (const name of readdirSync(root)) {
    if (!name.startsWith(PREFIX)) continue
    const tag = name.slice(PREFIX.length).split('-').slice(0, 3).join('-')
    if (isGone(tag)) rmSync(join(root, name), { recursive: true, force: true })
  }
}
