import { availableParallelism } from 'node:os'

/** What the environments of all functions share: the machine. */
export interface Machine {
  /**
   * Takes a place among the environments; false while starts or places are exhausted. Ahead of
   * demand a start has nine tenths of the places: what is kept warm must not shut the others out.
   */
  claimStart(wanting: MachineUser, when?: 'ahead'): boolean
  /** Gives back a place just claimed, before anyone else could ask for it: nobody is woken. */
  unclaim(): void
  /** The start that was claimed is over, well or badly. */
  endStart(): void
  /** An environment is gone. */
  release(): void
  readonly environments: number
}

/** A pool, as the machine sees it. */
export interface MachineUser {
  /** A place may be free now: ask again if one is still wanted. */
  reconsider(): void
  /** How many of its environments, starting ones included, are there to be kept warm. */
  keptWarm(): number
  /** When its longest idle environment was last used; undefined when none is idle. */
  oldestIdleMs(): number | undefined
  /** Ends that environment to make place for another function's. */
  evictOldestIdle(): void
}

export interface MachineOptions {
  /** Environments of all functions together. Default: as many as the memory has room for. */
  readonly environmentsMax?: number
  /** Memory that is free now, in MiB; asked when a start is claimed. Default: no bound. */
  readonly memoryFreeMb?: () => number
  /** Starting at once. More would only take the CPU from each other and from what runs. */
  readonly startsMax?: number
}

const AHEAD_SHARE = 0.9
/** What an environment takes before it has done anything, rounded up: no start has taken it yet. */
const ENVIRONMENT_MB = 64
/** Stays free for what those that run may come to need, and the server: and so much more ahead of demand. */
const RESERVE_MB = 192
/** Never so few that functions could not call one another. */
const ENVIRONMENTS_MIN = 16

/** Bounds starts and environments over all functions; makes place by ending the longest idle one. */
export function createMachine(
  {
    environmentsMax = Infinity,
    startsMax = 2 * availableParallelism(),
    memoryFreeMb = () => Infinity,
  }: MachineOptions,
  users: () => Iterable<MachineUser>,
): Machine {
  const refused = createRefused()
  let environments = 0
  let starts = 0
  /** Ended to make place, and not gone yet. */
  let evicting = 0

  /** Whether there is room for one more, once `gone` of them are: places, and memory for all that start. */
  const hasRoom = (gone: number, when?: 'ahead'): boolean => {
    if (environments - gone >= environmentsMax) return false
    if (environments - gone < ENVIRONMENTS_MIN) return true
    const reservedMb = when === 'ahead' ? 2 * RESERVE_MB : RESERVE_MB
    return memoryFreeMb() >= reservedMb + (starts + 1 - gone) * ENVIRONMENT_MB
  }

  return {
    get environments() {
      return environments
    },
    claimStart(wanting, when) {
      const tooMany =
        when === 'ahead' && keptWarm(users()) >= Math.floor(environmentsMax * AHEAD_SHARE)
      if (starts < startsMax && !tooMany) {
        if (!hasRoom(evicting, when) && evictOldest(users(), wanting)) evicting++
        if (hasRoom(0, when)) {
          starts++
          environments++
          return true
        }
      }
      refused.add(wanting, when)
      return false
    },
    unclaim() {
      starts--
      environments--
    },
    endStart() {
      starts--
      refused.wake(() => environments)
    },
    release() {
      environments--
      evicting = Math.max(0, evicting - 1)
      refused.wake(() => environments)
    },
  }
}

function keptWarm(users: Iterable<MachineUser>): number {
  let sum = 0
  for (const user of users) sum += user.keptWarm()
  return sum
}

/** Ends the environment that was idle longest, of another than who wants its place; false where none is idle. */
function evictOldest(users: Iterable<MachineUser>, wanting: MachineUser): boolean {
  let oldest: MachineUser | undefined
  let oldestMs = Infinity
  for (const user of users) {
    const idleMs = user === wanting ? undefined : user.oldestIdleMs()
    if (idleMs === undefined || idleMs >= oldestMs) continue
    oldest = user
    oldestMs = idleMs
  }
  oldest?.evictOldestIdle()
  return oldest !== undefined
}

/** Who was refused a place: first come, first woken; those ahead of demand after all others. */
function createRefused(): {
  add(user: MachineUser, when?: 'ahead'): void
  /** Wakes one after the other, as some want none any more, until one has taken a place or was refused again. */
  wake(taken: () => number): void
} {
  const queue = new Set<MachineUser>()
  const ahead = new Set<MachineUser>()
  return {
    add(user, when) {
      const line = when === 'ahead' ? ahead : queue
      line.add(user)
    },
    wake(taken) {
      const before = taken()
      for (const line of [queue, ahead]) {
        for (const user of line) {
          line.delete(user)
          user.reconsider()
          if (taken() > before || line.has(user)) return
        }
      }
    },
  }
}
