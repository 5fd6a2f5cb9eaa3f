import { formatProblem } from '../lib/errors.ts'
import type { Place, Problem } from '../lib/errors.ts'

/** What reading the manifests brought to light, each thing once. */
export interface Report {
  /** Something that stops the application from being served rightly. */
  error(place: Place, message: string): void
  /** Something that was read but is not served. Never a reason for a refusal. */
  note(place: Place, message: string): void
  readonly errors: readonly Problem[]
  readonly notes: readonly Problem[]
}

/** An empty report. */
export function createReport(): Report {
  const errors: Problem[] = []
  const notes: Problem[] = []
  const seen = new Set<string>()

  const add = (list: Problem[], problem: Problem): void => {
    const key = formatProblem(problem)
    if (seen.has(key)) return
    seen.add(key)
    list.push(problem)
  }

  return {
    error: (place, message) => add(errors, { place, message }),
    note: (place, message) => add(notes, { place, message }),
    errors,
    notes,
  }
}
