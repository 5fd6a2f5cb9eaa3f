import { oldestSinceMs } from './branches.ts'
import type { Limits } from './configure.ts'
import { totalWaiting, type Waiter } from './line.ts'
import { blockerOf, leavesOf, roomOf, type LimitNode, type LimitTag } from './tree.ts'

/** Who in the lines of a function lacks an environment. */
export interface Wanted {
  /** How many the limits would let in if there were environments for them. */
  readonly count: number
  /** How many are in line while no environment is free. */
  readonly waiting: number
  readonly oldestMs: number
}

export const NOBODY_WANTED: Wanted = { count: 0, waiting: 0, oldestMs: 0 }

export function wantedOf(fn: LimitNode, nowMs: number): Wanted {
  const waiting = totalWaiting(fn)
  if (waiting === 0 || fn.inUse < fn.slots) return NOBODY_WANTED
  return { count: countAdmissible(fn), waiting, oldestMs: nowMs - oldestSinceMs(fn) }
}

/** How many of those in line for a function the limits would let in now. */
function countAdmissible(fn: LimitNode): number {
  let count = 0
  for (const leaf of leavesOf(fn)) {
    for (const standing of leaf.line ?? []) {
      const own = standing?.queue.size ?? 0
      if (own > 0) count += Math.min(own, roomOf(leaf, standing?.rank ?? 0))
    }
  }
  return count
}

/** Who waits for an environment of a function although a limit is in the way: nearly always nobody. */
export function promisedInVain(fn: LimitNode): Waiter[] {
  const waiters: Waiter[] = []
  for (const leaf of leavesOf(fn)) {
    for (const standing of leaf.line ?? []) {
      if (standing === undefined || standing.promised === 0) continue
      if (blockerOf(leaf, standing.rank, false) === undefined) continue
      waiters.push(...[...standing.queue].filter(({ promised }) => promised))
    }
  }
  return waiters
}

/** What of a limit is in use. */
export interface LimitUse {
  readonly inUse: number
  /** How much more that is than allowed, after a maximum was lowered: it drains. */
  readonly over: number
}

export type LimitUseScope = 'account' | 'group' | 'tag' | 'function'

export function useOf(
  { account, groups, tags, functions }: Limits,
  scope: LimitUseScope,
  name: string,
): LimitUse | undefined {
  const limit = limitOf(scope)
  if (limit === undefined) return undefined
  return { inUse: limit.inUse, over: Math.max(0, limit.inUse - limit.max) }

  function limitOf(of: LimitUseScope): LimitNode | LimitTag | undefined {
    switch (of) {
      case 'account':
        return account
      case 'group':
        return groups.get(name)
      case 'tag':
        return tags.get(name)
      case 'function':
        return functions.get(name)
    }
  }
}
