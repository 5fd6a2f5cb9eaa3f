import { availableParallelism } from 'node:os'

/** What the environments of all functions share: the machine. */
export interface Machine {
  /** Takes a place among the environments; false while starts or places are exhausted. */
  claimStart(wanting: MachineUser): boolean
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
  /** When its longest idle environment was last used; undefined when none is idle. */
  oldestIdleMs(): number | undefined
  /** Ends that environment to make place for another function's. */
  evictOldestIdle(): void
}

export interface MachineOptions {
  /** Environments of all functions together. */
  readonly environmentsMax: number
  /** Starting at once. More would only take the CPU from each other and from what runs. */
  readonly startsMax?: number
}

/** Bounds starts and environments over all functions; makes place by ending the longest idle one. */
export function createMachine(
  { environmentsMax, startsMax = 2 * availableParallelism() }: MachineOptions,
  users: () => Iterable<MachineUser>,
): Machine {
  const queue = new Set<MachineUser>()
  let environments = 0
  let starts = 0
  /** Ended to make place, and not gone yet. */
  let evicting = 0

  const wakeNext = (): void => {
    const [next] = queue
    if (next === undefined) return
    queue.delete(next)
    next.reconsider()
  }

  const evictOldest = (wanting: MachineUser): void => {
    let oldest: MachineUser | undefined
    let oldestMs = Infinity
    for (const user of users()) {
      const idleMs = user === wanting ? undefined : user.oldestIdleMs()
      if (idleMs === undefined || idleMs >= oldestMs) continue
      oldest = user
      oldestMs = idleMs
    }
    if (oldest === undefined) return
    evicting++
    oldest.evictOldestIdle()
  }

  return {
    get environments() {
      return environments
    },
    claimStart(wanting) {
      const full = environments - evicting >= environmentsMax
      if (starts < startsMax && full) evictOldest(wanting)
      if (starts >= startsMax || environments >= environmentsMax) {
        queue.add(wanting)
        return false
      }
      starts++
      environments++
      return true
    },
    endStart() {
      starts--
      wakeNext()
    },
    release() {
      environments--
      evicting = Math.max(0, evicting - 1)
      wakeNext()
    },
  }
}
