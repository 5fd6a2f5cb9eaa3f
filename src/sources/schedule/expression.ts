import type { Schedule } from '../../model/background.ts'
import { parseCron, type Cron } from './cron.ts'

/** When a schedule fires. */
export type Expression =
  | { readonly kind: 'rate'; readonly periodMs: number }
  | { readonly kind: 'cron'; readonly cron: Cron }
  /** Milliseconds since 1970 as the clock on the wall there would count them. */
  | { readonly kind: 'at'; readonly localMs: number }

/** A schedule that AWS would refuse, in its words. */
export class ScheduleError extends Error {
  override readonly name: string = 'ScheduleError'
  readonly code = 'ValidationException'
}

/**
 * Reads `rate(5 minutes)`, `cron(0 12 * * ? *)` and, for EventBridge Scheduler, `at(2026-12-24T18:00:00)`.
 * @throws {ScheduleError} with the message of PutRule or of CreateSchedule.
 */
export function parseExpression(text: string, kind: Schedule['kind']): Expression {
  const [, word, argument = ''] = /^(rate|cron|at)\((.*)\)$/.exec(text) ?? []
  const expression = read(word, argument, kind)
  if (expression !== undefined) return expression
  throw new ScheduleError(
    kind === 'rule'
      ? 'Parameter ScheduleExpression is not valid.'
      : `Invalid Schedule Expression ${text}.`,
  )
}

function read(
  word: string | undefined,
  argument: string,
  kind: Schedule['kind'],
): Expression | undefined {
  if (word === 'rate') return parseRate(argument, kind)
  if (word === 'at') return kind === 'scheduler' ? parseAt(argument) : undefined
  const cron = word === 'cron' ? parseCron(argument) : undefined
  return cron && { kind: 'cron', cron }
}

const UNITS_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
}

/** Rules are particular about singular and plural, Scheduler is not (recorded on AWS). */
function parseRate(text: string, kind: Schedule['kind']): Expression | undefined {
  const given = kind === 'rule' ? text : text.toLowerCase()
  const [, digits = '', unit = '', plural = ''] =
    /^(\d{1,7}) (minute|hour|day)(s?)$/.exec(given) ?? []
  const count = Number(digits)
  const unitMs = UNITS_MS[unit]
  if (unitMs === undefined || count < 1) return undefined
  if (kind === 'rule' && (count === 1) !== (plural === '')) return undefined
  return { kind: 'rate', periodMs: count * unitMs }
}

/** `2026-12-24T18:00:00`, without a zone: the schedule has one. */
function parseAt(text: string): Expression | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return undefined
  const localMs = Date.parse(`${text}Z`)
  if (Number.isNaN(localMs)) return undefined
  // The 30th of February would become the 1st of March.
  if (!new Date(localMs).toISOString().startsWith(text)) return undefined
  return { kind: 'at', localMs }
}
