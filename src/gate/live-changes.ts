import { SpillwayError } from '../lib/errors.ts'
import type { LimitsConfig } from '../model/limits.ts'
import { applyChanges } from './change.ts'
import type { LimitChange } from './limits.ts'

/** A change that holds now. */
export interface Live {
  readonly change: LimitChange
  readonly by: string
  readonly forMs: number
  readonly endsMs: number
  /** What it stands on while it holds for a time only: what comes back when that is over. */
  readonly below: Live | undefined
}

/** By limit: the later change of the same limit is the one that counts. */
export type LiveChanges = ReadonlyMap<string, Live>

/** The same for all changes of one limit. */
export function idOf({ scope, name, field }: LimitChange): string {
  return JSON.stringify([scope, name, field])
}

/** The first of those below that still holds. */
export function standing(live: Live | undefined, nowMs: number): Live | undefined {
  let at = live
  while (at !== undefined && at.endsMs <= nowMs) at = at.below
  return at
}

/** The changes with some replaced, and those without a successor gone. */
export function replace(
  live: LiveChanges,
  changes: readonly (readonly [string, Live | undefined])[],
): LiveChanges {
  const next = new Map(live)
  for (const [id, each] of changes) {
    if (each === undefined) next.delete(id)
    else next.set(id, each)
  }
  return next
}

export function changesOf(live: LiveChanges): LimitChange[] {
  return [...live.values()].map(({ change }) => change)
}

/** The configuration with the changes made, or why that does not fit. */
export function tryApply(base: LimitsConfig, live: LiveChanges): LimitsConfig | SpillwayError {
  try {
    return applyChanges(base, changesOf(live))
  } catch (error) {
    if (SpillwayError.is(error)) return error
    throw error
  }
}
