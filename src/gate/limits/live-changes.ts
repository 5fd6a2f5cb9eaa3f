import { SpillwayError } from '../../lib/errors.ts'
import type { LimitsConfig } from '../../model/limits.ts'
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

/** A change and all that it stands on: what stands lowest first. */
export function layersOf(live: Live): Live[] {
  return [...(live.below === undefined ? [] : layersOf(live.below)), live]
}

/** What came of changes that were to be made. */
export interface Laid {
  readonly config: LimitsConfig
  readonly live: LiveChanges
  /** By limit: the last change of it that was to be made and is not. */
  readonly misfits: ReadonlyMap<string, Misfit>
}

export interface Misfit {
  /** Undefined where a change was to be taken back. */
  readonly live: Live | undefined
  readonly why: string
}

/** All together, or where that does not fit as many as do, one by one. What is live fits the base. */
export function layOver(
  base: LimitsConfig,
  live: LiveChanges,
  changes: readonly (readonly [string, Live | undefined])[],
): Laid {
  const misfits = new Map<string, Misfit>()
  const withAll = replace(live, changes)
  const all = tryApply(base, withAll)
  if (!SpillwayError.is(all)) return { config: all, live: withAll, misfits }
  let laid = { config: applyChanges(base, changesOf(live)), live }
  for (const [id, each] of changes) {
    const withOne = replace(laid.live, [[id, each]])
    const config = tryApply(base, withOne)
    if (SpillwayError.is(config)) {
      misfits.set(id, { live: each, why: config.message })
      continue
    }
    laid = { config, live: withOne }
    misfits.delete(id)
  }
  return { ...laid, misfits }
}

function changesOf(live: LiveChanges): LimitChange[] {
  return [...live.values()].map(({ change }) => change)
}

function tryApply(base: LimitsConfig, live: LiveChanges): LimitsConfig | SpillwayError {
  try {
    return applyChanges(base, changesOf(live))
  } catch (error) {
    if (SpillwayError.is(error)) return error
    throw error
  }
}
