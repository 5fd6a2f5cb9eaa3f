import type { Place } from '../lib/errors.ts'
import { isInForce } from '../model/in-force.ts'
import { findFaults } from '../model/limit-faults.ts'
import type { LimitsConfig } from '../model/limits.ts'
import type { Assignment } from './assignments.ts'
import type { Report } from './report.ts'

/**
 * Reports what does not fit together, each where it is written, and notes what the mode does not
 * know.
 */
export function reportFaults(
  limits: LimitsConfig,
  written: readonly Assignment[],
  report: Report,
): void {
  const places = new Map(written.map((each) => [idOf(each), each.place]))
  for (const { message, limits: reasons } of findFaults(limits)) {
    const place = reasons.map((each) => places.get(idOf(each))).find((each) => each !== undefined)
    report.error(place ?? NOWHERE, message)
  }
  for (const { scope, name, field, place } of written) {
    if (!LIMITS.has(field.split('.')[0] ?? '') || isInForce(limits.mode, scope, field)) continue
    const owner = `${scope} ${name}`.trimEnd()
    report.note(
      place,
      `${wordOf(field)} of ${owner} is not in force: mode aws has Lambda's limits alone`,
    )
  }
}

/** A sum that does not fit is one of what is written, so this is not seen. */
const NOWHERE: Place = { file: 'spillway.yml', line: 1, column: 1 }

/** What limits something, other than saying where a function belongs. */
const LIMITS = new Set([
  'maxConcurrency',
  'guaranteedConcurrency',
  'lend',
  'weight',
  'headroom',
  'priority',
  'maxWaitMs',
  'perTenant',
])

function wordOf(field: string): string {
  return field === 'maxWaitMs' ? 'maxWait' : field
}

/** The same for one limit, wherever it is written. */
export function idOf({ scope, name, field }: Pick<Assignment, 'scope' | 'name' | 'field'>): string {
  return JSON.stringify([scope, name, field])
}
