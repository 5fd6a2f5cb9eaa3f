import { numberOf, numbersOf, type Range } from './cron-field.ts'

/** A day of some month. */
export interface Day {
  /** From 1. */
  readonly day: number
  /** 1 is Sunday, as for AWS. */
  readonly weekday: number
  /** How many days its month has. */
  readonly daysInMonth: number
}

export type DayTest = (day: Day) => boolean

const DAYS: Range = { min: 1, max: 31 }
const WEEKDAYS: Range = { min: 1, max: 7, names: 'SUN MON TUE WED THU FRI SAT'.split(' ') }
const SUNDAY = 1
const SATURDAY = 7

/** The day-of-month field: numbers, `L` (the last), `15W` (the weekday nearest to it), `LW`. */
export function dayOfMonthOf(field: string): DayTest | undefined {
  return anyOf(field, (part) => {
    const upper = part.toUpperCase()
    if (upper === 'L') return ({ day, daysInMonth }) => day === daysInMonth
    if (upper === 'LW') return (day) => isNearestWeekday(day, day.daysInMonth)
    if (upper.endsWith('W')) {
      const target = numberOf(upper.slice(0, -1), DAYS)
      // One day only, as on AWS.
      if (target === undefined || field !== part) return undefined
      return (day) => isNearestWeekday(day, target)
    }
    const days = numbersOf(part, DAYS)
    return days && (({ day }) => days.includes(day))
  })
}

/** The day-of-week field: numbers and names, `L` (Saturday), `6L` (the last Friday), `6#3` (the third). */
export function dayOfWeekOf(field: string): DayTest | undefined {
  return anyOf(field, (part) => {
    const upper = part.toUpperCase()
    if (upper === 'L') return ({ weekday }) => weekday === SATURDAY
    if (upper.includes('#')) return field === part ? nthOf(upper) : undefined
    if (upper.endsWith('L')) {
      const target = numberOf(upper.slice(0, -1), WEEKDAYS)
      return target === undefined
        ? undefined
        : ({ day, weekday, daysInMonth }) => weekday === target && day + 7 > daysInMonth
    }
    const weekdays = numbersOf(part, WEEKDAYS)
    return weekdays && (({ weekday }) => weekdays.includes(weekday))
  })
}

/** The parts of a list, of which one is enough; undefined as soon as one of them is none. */
function anyOf(field: string, read: (part: string) => DayTest | undefined): DayTest | undefined {
  const tests = field.split(',').map(read)
  if (!tests.every((test) => test !== undefined)) return undefined
  return (day) => tests.some((test) => test(day))
}

function nthOf(part: string): DayTest | undefined {
  const [name = '', nth = '', ...rest] = part.split('#')
  const target = numberOf(name, WEEKDAYS)
  if (target === undefined || rest.length > 0 || !/^[1-5]$/.test(nth)) return undefined
  return ({ day, weekday }) => weekday === target && Math.ceil(day / 7) === Number(nth)
}

/** Never of another month: the 1st on a Saturday gives Monday the 3rd. */
function isNearestWeekday({ day, weekday, daysInMonth }: Day, target: number): boolean {
  if (target > daysInMonth) return false
  const weekdayOfTarget = ((((weekday - 1 + target - day) % 7) + 7) % 7) + 1
  return day === target + shiftOf(weekdayOfTarget, target, daysInMonth)
}

function shiftOf(weekday: number, target: number, daysInMonth: number): number {
  if (weekday === SATURDAY) return target === 1 ? 2 : -1
  if (weekday === SUNDAY) return target === daysInMonth ? -2 : 1
  return 0
}
