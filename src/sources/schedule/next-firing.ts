import { YEARS, type Cron } from './cron.ts'
import type { Expression } from './expression.ts'
import type { Zone } from './zone.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** When something fires, and in whose time. */
export interface Timing {
  readonly expression: Expression
  readonly zone: Zone
  /** From when on rates count: their first firing comes one period later. */
  readonly sinceMs: number
}

/**
 * The first firing after a moment; undefined where there is none any more. Clocks that are put back
 * do not repeat a firing, and what falls into the hour that clocks skip is left out (EventBridge
 * Scheduler, "Daylight savings time"). A day of a rate is 24 hours.
 */
export function nextFiring(
  { expression, zone, sinceMs }: Timing,
  afterMs: number,
): number | undefined {
  switch (expression.kind) {
    case 'rate': {
      const { periodMs } = expression
      const periods = Math.max(1, Math.floor((afterMs - sinceMs) / periodMs) + 1)
      return sinceMs + periods * periodMs
    }
    case 'at': {
      const ms = zone.fromLocalMs(expression.localMs)
      return ms !== undefined && ms > afterMs ? ms : undefined
    }
    case 'cron':
      return nextOfCron(expression.cron, zone, afterMs)
  }
}

function nextOfCron(cron: Cron, zone: Zone, afterMs: number): number | undefined {
  const fromMs = (Math.floor(zone.toLocalMs(afterMs) / MINUTE_MS) + 1) * MINUTE_MS
  for (const dayMs of daysOf(cron, fromMs)) {
    for (const localMs of minutesOf(cron, dayMs)) {
      if (localMs < fromMs) continue
      const ms = zone.fromLocalMs(localMs)
      // What the clock shows for the second time has been: it is not repeated.
      if (ms !== undefined && ms > afterMs) return ms
    }
  }
  return undefined
}

/** The days on which it fires, by their midnight, from that of `fromMs` on. */
function* daysOf({ months, years, isDay }: Cron, fromMs: number): Generator<number> {
  const first = new Date(fromMs)
  let year = first.getUTCFullYear()
  let month = first.getUTCMonth()
  let firstDay = first.getUTCDate()
  for (; year <= YEARS.max; month++, firstDay = 1) {
    if (month === 12) {
      month = 0
      year++
    }
    if (!years.has(year) || !months.has(month + 1)) continue
    const daysInMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
    for (let day = firstDay; day <= daysInMonth; day++) {
      const dayMs = Date.UTC(year, month, day)
      const weekday = new Date(dayMs).getUTCDay() + 1
      if (isDay({ day, weekday, daysInMonth })) yield dayMs
    }
  }
}

function* minutesOf({ hours, minutes }: Cron, dayMs: number): Generator<number> {
  for (const hour of hours) {
    for (const minute of minutes) yield dayMs + hour * HOUR_MS + minute * MINUTE_MS
  }
}
