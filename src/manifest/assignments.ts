import type { Place } from '../lib/errors.ts'
import type { FunctionDefinition } from '../model/app.ts'
import type { AsyncConfig } from '../model/background.ts'
import type { LimitScope } from '../model/in-force.ts'
import { DEFAULT_ACCOUNT_MAX_CONCURRENCY, type LimitsConfig } from '../model/limits.ts'
import { idOf, reportFaults } from './limit-checks.ts'
import type { Report } from './report.ts'

/** One limit, written down somewhere. All of them together make the configuration. */
export interface Assignment {
  readonly scope: LimitScope
  /** Group, tag or deployed function name; empty for the account. */
  readonly name: string
  /** As in `LimitsConfig`, with a dot inside (`headroom.batch`); what a run is of a function, `mode`. */
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

/** How a function runs, where that is no limit. */
export type RunSettings = Partial<Pick<FunctionDefinition, 'timeoutMs' | 'environmentConcurrency'>>

const RUN_FIELDS: readonly string[] = ['timeoutMs', 'environmentConcurrency']

/** The configuration, and what it says beyond limits. */
export interface AssignedLimits {
  readonly limits: LimitsConfig
  /** What is said of runs, by deployed function name. */
  readonly runs: ReadonlyMap<string, RunSettings>
  /** How often a function's events may be started, by deployed name. */
  readonly deliveries: ReadonlyMap<string, AsyncConfig['delivery']>
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
    const key = idOf(assignment)
    const other = winners.get(key)
    if (other !== undefined && other.rank > assignment.rank) continue
    if (other?.rank === assignment.rank && other.value !== assignment.value) {
      report.error(assignment.place, conflict(assignment, other))
      continue
    }
    winners.set(key, assignment)
  }
  const built = build([...winners.values()], services)
  reportFaults(built.limits, [...winners.values()], report)
  return built
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
  const top: Draft = {}
  const account: Draft = { maxConcurrency: DEFAULT_ACCOUNT_MAX_CONCURRENCY }
  // Maps, because a name may be any word, `__proto__` too.
  const groups = new Map<string, Draft>()
  const tags = new Map<string, Draft>()
  const functions = new Map<string, Draft>()
  const runs = new Map<string, RunSettings>()
  const deliveries = new Map<string, AsyncConfig['delivery']>()
  for (const [name, service] of services) functions.set(name, { group: service })
  for (const { scope, name, field, value } of assignments) {
    if (RUN_FIELDS.includes(field)) runs.set(name, { ...runs.get(name), [field]: value })
    else if (field === 'delivery') deliveries.set(name, value as AsyncConfig['delivery'])
    else if (field === 'mode') top['mode'] = value
    else if (scope === 'account') put(account, field, value)
    else if (scope === 'group') put(draftOf(groups, name), field, value)
    else if (scope === 'tag') put(draftOf(tags, name), field, value)
    else put(draftOf(functions, name), field, value)
  }
  for (const { group } of functions.values()) draftOf(groups, String(group))
  const limits = {
    ...top,
    account,
    groups: Object.fromEntries(groups),
    ...(tags.size === 0 ? {} : { tags: Object.fromEntries(tags) }),
    functions: Object.fromEntries(functions),
  }
  // Each field was read by its own word, so it is what the type says.
  return { limits: limits as unknown as LimitsConfig, runs, deliveries }
}

function draftOf(drafts: Map<string, Draft>, name: string): Draft {
  const draft = drafts.get(name) ?? {}
  drafts.set(name, draft)
  return draft
}

/** Limits that are being put together. */
type Draft = Record<string, unknown>

/** `headroom.batch` into a map, `tags.orders-db` into a list, everything else as it is. */
function put(draft: Draft, field: string, value: number | string): void {
  const [word = '', ...part] = field.split('.')
  if (word === 'tags') {
    const tags = (draft[word] ?? []) as string[]
    draft[word] = [...tags, value]
  } else if (part.length > 0) {
    draft[word] = { ...(draft[word] as Draft | undefined), [part.join('.')]: value }
  } else draft[word] = value
}
