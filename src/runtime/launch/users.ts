import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isGone, ownTag } from './owner.ts'

/** Users for environments, one each: neither files nor signals pass from one to the other. */
export interface Users {
  /** A user id that nothing on this machine runs under; undefined when there is none left. */
  take(): number | undefined
  giveBack(uid: number): void
}

const FIRST_UID = 20_000
const BLOCK = 1000
/** Up to 60,000: below those that systems give to containers and to nobody. */
const BLOCKS = 40

/** Claims are seen by every server of the machine. */
export const CLAIMS = '/run/spillway/users'

/**
 * User ids from 20000 on. They are claimed by the thousand, as two servers of one machine must not
 * use the same: what one ends by its user would be the other's.
 */
export function createUsers(folder: string = CLAIMS): Users {
  const free: number[] = []
  let next = process.pid % BLOCKS
  let tried = 0

  const claim = (): void => {
    for (; tried < BLOCKS && free.length === 0; tried++) {
      const first = FIRST_UID + next * BLOCK
      next = (next + 1) % BLOCKS
      if (!claimBlock(folder, first)) continue
      for (let uid = first + BLOCK - 1; uid >= first; uid--) free.push(uid)
    }
  }

  return {
    take() {
      if (free.length === 0) claim()
      return free.pop()
    },
    giveBack: (uid) => void free.push(uid),
  }
}

/** Says first, looks after: of two that claim the same at once, at least one sees the other. */
function claimBlock(folder: string, first: number): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const own = `${first}.${ownTag()}`
  if (existsSync(join(folder, own))) return false
  writeFileSync(join(folder, own), '', { mode: 0o600 })
  for (const name of readdirSync(folder)) {
    const [block, tag = ''] = name.split('.')
    if (block !== String(first) || name === own) continue
    if (!isGone(tag)) {
      rmSync(join(folder, own), { force: true })
      return false
    }
    rmSync(join(folder, name), { force: true })
  }
  return true
}
