import { InputError } from '../../bus/target-input.ts'
import type { Problem } from '../../lib/errors.ts'
import type { Schedule } from '../../model/background.ts'
import { parseExpression, ScheduleError } from './expression.ts'
import { compileFiringEvent } from './firing-event.ts'
import { zoneOf } from './zone.ts'

/** What is wrong with schedules, enabled or not, each with its place. */
export function scheduleProblems(schedules: readonly Schedule[]): Problem[] {
  return schedules.flatMap((schedule) => {
    const { place, expression, timeZone, kind } = schedule
    const messages: string[] = []
    if (zoneOf(timeZone) === undefined) {
      messages.push(`expected a time zone such as Europe/Berlin, got: "${timeZone}"`)
    }
    const badExpression = refusalOf(() => parseExpression(expression, kind))
    if (badExpression !== undefined) {
      messages.push(`expected ${formsOf(kind)}, got: "${expression}" (AWS: ${badExpression})`)
    }
    const badInput = refusalOf(() => compileFiringEvent(schedule, NOWHERE))
    if (badInput !== undefined) messages.push(`expected an input, got: ${badInput}`)
    return messages.map((message) => ({ place, message }))
  })
}

const NOWHERE = { accountId: '', region: '' }

function refusalOf(attempt: () => unknown): string | undefined {
  try {
    attempt()
    return undefined
  } catch (error) {
    if (error instanceof ScheduleError || error instanceof InputError) return error.message
    throw error
  }
}

function formsOf(kind: Schedule['kind']): string {
  const both = 'a schedule such as rate(5 minutes), cron(0 12 * * ? *)'
  return kind === 'rule' ? both : `${both} or at(2026-12-24T18:00:00)`
}
