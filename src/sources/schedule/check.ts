import type { Problem } from '../../lib/errors.ts'
import type { Schedule } from '../../model/background.ts'
import { parseExpression, ScheduleError } from './expression.ts'
import { zoneOf } from './zone.ts'

/** What is wrong with schedules, enabled or not, each with its place. */
export function scheduleProblems(schedules: readonly Schedule[]): Problem[] {
  return schedules.flatMap((schedule) => {
    const { place, expression, timeZone } = schedule
    const problems: Problem[] = []
    if (zoneOf(timeZone) === undefined) {
      const message = `expected a time zone such as Europe/Berlin, got: "${timeZone}"`
      problems.push({ place, message })
    }
    const why = refusalOf(schedule)
    if (why !== undefined) {
      const message = `expected ${formsOf(schedule)}, got: "${expression}" (AWS: ${why})`
      problems.push({ place, message })
    }
    return problems
  })
}

function refusalOf({ expression, kind }: Schedule): string | undefined {
  try {
    parseExpression(expression, kind)
    return undefined
  } catch (error) {
    if (error instanceof ScheduleError) return error.message
    throw error
  }
}

function formsOf({ kind }: Schedule): string {
  const both = 'a schedule such as rate(5 minutes), cron(0 12 * * ? *)'
  return kind === 'rule' ? both : `${both} or at(2026-12-24T18:00:00)`
}
