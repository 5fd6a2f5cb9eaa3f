import type { ErrorHistory, FunctionHistory } from '../admin/history.ts'
import { exactInterval, type Interval } from './binomial.ts'

/** How invocations have ended, by whose failure it was. */
export interface Endings {
  /** Those that limits let in and whose callers stayed: what the rates are of. */
  readonly invocations: number
  /** Shown to a caller, the handler not begun: ours. By reason. */
  readonly platformErrors: Readonly<Record<string, number>>
  /** The handler failed, timed out or could not be loaded. By reason. */
  readonly functionErrors: Readonly<Record<string, number>>
  /** The handler had begun when its environment was taken away. */
  readonly interrupted: number
  readonly throttled: number
  /** The caller left while it waited. */
  readonly cancelled: number
  /** Begun anew elsewhere, which no caller saw. By why. */
  readonly hiddenRetries: Readonly<Record<string, number>>
  readonly platformErrorRate: Rate
}

/** A share of invocations, with its exact 95 % interval. */
export interface Rate extends Interval {
  readonly value: number
}

export interface ErrorAnalysis extends Endings {
  readonly since: string
  /** What the article measured of Lambda: 2 %, and later one in 1.6 million. */
  readonly aws: { readonly first: Rate; readonly later: Rate }
  readonly functions: readonly (Endings & { readonly functionName: string })[]
}

const ARTICLE_INVOCATIONS = 1_600_000
const ARTICLE_FIRST_ERRORS = 32_000
const ARTICLE_LATER_ERRORS = 1

/** The analysis that the article made of Lambda, of a node's own history. */
export function analyseErrors({ since, functions }: ErrorHistory): ErrorAnalysis {
  return {
    since,
    ...endingsOf(functions),
    aws: {
      first: rateOf(ARTICLE_FIRST_ERRORS, ARTICLE_INVOCATIONS),
      later: rateOf(ARTICLE_LATER_ERRORS, ARTICLE_INVOCATIONS),
    },
    functions: functions.map((each) => ({
      functionName: each.functionName,
      ...endingsOf([each]),
    })),
  }
}

function endingsOf(functions: readonly FunctionHistory[]): Endings {
  const outcomes = sumUp(functions.map((each) => each.outcomes))
  const errors = Object.entries(sumUp(functions.map((each) => each.errors)))
  const { throttled = 0, cancelled = 0, interrupted = 0 } = outcomes
  const invocations = totalOf(outcomes) - throttled - cancelled
  const platformErrors = byReason(errors, (key) => /^platform\/.*\/0$/.test(key))
  return {
    invocations,
    platformErrors,
    functionErrors: byReason(errors, (key) => key.startsWith('function/')),
    interrupted,
    throttled,
    cancelled,
    hiddenRetries: sumUp(functions.map((each) => each.retries)),
    platformErrorRate: rateOf(totalOf(platformErrors), invocations),
  }
}

function rateOf(count: number, trials: number): Rate {
  return { value: trials === 0 ? 0 : count / trials, ...exactInterval(count, trials) }
}

export function totalOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function byReason(
  errors: readonly [key: string, count: number][],
  isMeant: (key: string) => boolean,
): Record<string, number> {
  const meant = errors.filter(([key]) => isMeant(key))
  return sumUp(meant.map(([key, count]) => ({ [key.split('/')[1] ?? key]: count })))
}

function sumUp(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const counts of all) {
    for (const [key, count] of Object.entries(counts)) sums[key] = (sums[key] ?? 0) + count
  }
  return sums
}
