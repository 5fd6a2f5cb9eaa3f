import type { Place } from '../lib/errors.ts'
import {
  DEFAULT_ACCOUNT_MAX_CONCURRENCY,
  type FunctionLimits,
  type GroupLimits,
  type LimitsConfig,
} from '../model/limits.ts'
import type { Report } from './report.ts'

/** One limit, written down somewhere. All of them together make the configuration. */
export interface Assignment {
  readonly scope: 'account' | 'group' | 'function'
  /** Group name or deployed function name; empty for the account. */
  readonly name: string
  /** As in `LimitsConfig`, and `timeoutMs` of a function. */
  readonly field: string
  readonly value: number | string
  /** The higher one wins, whatever the order: see `RANK`. */
  readonly rank: number
  readonly place: Place
}

/** Field by field: spillway.yml over custom.spillway over the manifest's own words (docs/reference/spillway-yml.md). */
export const RANK = { manifest: 0, custom: 1, config: 2 } as const

/** A function's `group` is nearer to it than a group's `functions: [report*]` in the same file. */
export const RANK_OF_OWN_WORD = 0.5

/** The configuration, and what it says beyond limits. */
export interface AssignedLimits {
  readonly limits: LimitsConfig
  /** By deployed function name. */
  readonly timeoutsMs: ReadonlyMap<string, number>
}

/**
 * Lets the highest rank win. Two different values of the same rank are an error that names both
 * places: which one counts would hang on the order of files or lines.
 */
export function applyAssignments(
  assignments: readonly Assignment[],
  services: ReadonlyMap<string, string>,
  report: Report,
): AssignedLimits {
  const winners = new Map<string, Assignment>()
  for (const assignment of assignments) {
    const key = JSON.stringify([assignment.scope, assignment.name, assignment.field])
    const other = winners.get(key)
    if (other !== undefined && other.rank > assignment.rank) continue
    if (other?.rank === assignment.rank && other.value !== assignment.value) {
      report.error(assignment.place, conflict(assignment, other))
      continue
    }
    winners.set(key, assignment)
  }
  return build([...winners.values()], services)
}

function conflict(assignment: Assignment, other: Assignment): string {
  const { scope, name, field, value } = assignment
  const what = `${scope} ${name}`.trim()
  const { file, line, column } = other.place
  return `${field} of ${what} is ${value} here and ${other.value} at ${file}:${line}:${column}`
}

/** `services` says which service each function belongs to: its group, where none is given. */
function build(
  assignments: readonly Assignment[],
  services: ReadonlyMap<string, string>,
): AssignedLimits {
  const account = { maxConcurrency: DEFAULT_ACCOUNT_MAX_CONCURRENCY }
  const groups: Record<string, GroupLimits> = {}
  const functions: Record<string, FunctionLimits> = {}
  const timeoutsMs = new Map<string, number>()
  for (const [name, service] of services) functions[name] = { group: service }
  for (const { scope, name, field, value } of assignments) {
    if (field === 'timeoutMs') timeoutsMs.set(name, Number(value))
    else if (scope === 'account') Object.assign(account, { [field]: value })
    else if (scope === 'group') groups[name] = { ...groups[name], [field]: value }
    else functions[name] = { ...functions[name], [field]: value } as FunctionLimits
  }
  for (const { group } of Object.values(functions)) groups[group] ??= {}
  return { limits: { account, groups, functions }, timeoutsMs }
}
