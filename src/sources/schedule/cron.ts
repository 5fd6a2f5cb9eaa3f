import { dayOfMonthOf, dayOfWeekOf, type DayTest } from './cron-days.ts'
import { numbersOf, type Range } from './cron-field.ts'

/** A cron expression of AWS's dialect, read. */
export interface Cron {
  /** Ascending. */
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  /** 1–12. */
  readonly months: ReadonlySet<number>
  readonly years: ReadonlySet<number>
  readonly isDay: DayTest
}

const MINUTES: Range = { min: 0, max: 59 }
const HOURS: Range = { min: 0, max: 23 }
const MONTHS: Range = {
  min: 1,
  max: 12,
  names: 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' '),
}
/** AWS, "Cron expressions reference". */
export const YEARS: Range = { min: 1970, max: 2199 }

/**
 * Reads the six fields: minutes, hours, day of month, month, day of week, year. Of the two days
 * exactly one is `?`. Undefined where it is none.
 */
export function parseCron(text: string): Cron | undefined {
  const fields = text.split(/\s+/)
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = fields
  if (fields.length !== 6 || (dayOfMonth === '?') === (dayOfWeek === '?')) return undefined
  const minutes = listOf(minute, MINUTES)
  const hours = listOf(hour, HOURS)
  const months = listOf(month, MONTHS)
  const years = listOf(year, YEARS)
  const isDay = dayOfWeek === '?' ? dayOfMonthOf(dayOfMonth) : dayOfWeekOf(dayOfWeek)
  if (!minutes || !hours || !months || !years || !isDay) return undefined
  return { minutes, hours, months: new Set(months), years: new Set(years), isDay }
}

function listOf(field: string, range: Range): number[] | undefined {
  const parts = field.split(',').map((part) => numbersOf(part, range))
  if (!parts.every((part) => part !== undefined)) return undefined
  return [...new Set(parts.flat())].toSorted((one, other) => one - other)
}
