import type { LimitsConfig } from '../../model/limits.ts'
import { valueOf } from './change.ts'
import { nameOfLimit } from './limit-words.ts'
import { whyNot } from './limit-owners.ts'
import { idOf, type Live } from './live-changes.ts'
import type { LimitChange } from './limits.ts'

/** A change that survives a restart. */
export interface SavedChange extends LimitChange {
  readonly by: string
  /** ISO 8601. */
  readonly savedAt: string
}

/** Where changes are kept that survive a restart. */
export interface SavedLimits {
  /** Those of the last time. */
  readonly changes: readonly SavedChange[]
  /** Writes all of them down. @throws {SpillwayError} SPILLWAY_LIMITS when that is not possible. */
  save(changes: readonly SavedChange[]): void
}

/** By limit. */
export type SavedChanges = ReadonlyMap<string, SavedChange>

/** What is saved once these changes are. What the configuration says anyway is not: so one goes away again. */
export function withSaved(
  saved: SavedChanges,
  base: LimitsConfig,
  changes: readonly SavedChange[],
): SavedChanges {
  const next = new Map(saved)
  for (const change of changes) {
    if (valueOf(base, change) === change.value) next.delete(idOf(change))
    else next.set(idOf(change), change)
  }
  return next
}

/** The saved changes that mean something in a configuration, as live ones. */
export function savedOn(config: LimitsConfig, saved: SavedChanges): [string, Live][] {
  return [...saved].filter(([, each]) => whyNot(config, each) === undefined).map(toLive)
}

function toLive([id, saved]: [string, SavedChange]): [string, Live] {
  const { scope, name, field, value, by } = saved
  const change = { scope, name, field, value }
  return [id, { change, by, forMs: Infinity, endsMs: Infinity, below: undefined }]
}

/** A saved change as the subject of a sentence. */
export function savedName(change: SavedChange): string {
  return `the saved change of ${nameOfLimit(change)}, made by ${change.by} at ${change.savedAt},`
}
