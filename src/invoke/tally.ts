import type { ErrorClass, FailureReason } from './failure.ts'
import type { Invocation, InvocationSource, Outcome } from './invocation.ts'
import { limitId, type Blocked } from '../gate/refusal.ts'
import type { Why } from '../gate/tree.ts'

/** Counts of how invocations ended, kept as plain numbers: this runs for each of them. */
export interface Tally {
  add(invocation: Pick<Invocation, 'functionName' | 'source'>, outcome: Outcome): void
  addRetry(functionName: string, reason: FailureReason): void
  /** A failure that no outcome tells of. */
  addError(
    functionName: string,
    errorClass: ErrorClass,
    reason: FailureReason,
    started: boolean,
  ): void
  addLateResult(functionName: string): void
  addCutLine(functionName: string): void
  readonly functions: ReadonlyMap<string, FunctionTally>
}

/** How the metrics call an ending: these words, and no others. */
export type OutcomeLabel =
  | 'ok'
  | 'function_error'
  | 'timeout'
  | 'throttled'
  | 'interrupted'
  | 'platform_error'
  | 'cancelled'

export interface FunctionTally {
  /** By `source` and `outcome`. */
  readonly outcomes: Map<InvocationSource, Record<OutcomeLabel, number>>
  /** By the limit that blocked, `group/etl`, and why it did. */
  readonly throttles: Map<string, Map<Why, number>>
  /** Invocations handed over anew because their environment died before the handler began, by why. */
  readonly retries: Map<FailureReason, number>
  /** By `class/reason/started`; throttles are counted by their limit, above. */
  readonly errors: Map<string, number>
  /** By the signal that took the environment away. */
  readonly interrupted: Map<string, number>
  lateResults: number
  cutLines: number
  readonly durations: Histogram
  readonly waits: Histogram
  readonly inits: Histogram
}

/** Values in milliseconds, counted by the bucket they fall in. */
export interface Histogram {
  /** One for each of `BUCKETS_MS`, and one for what is above. Not cumulative. */
  readonly counts: number[]
  sumMs: number
}

/** Upper bounds. */
export const BUCKETS_MS: readonly number[] = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 900_000,
]

export function createTally(): Tally {
  const functions = new Map<string, FunctionTally>()
  const of = (name: string): FunctionTally => {
    const known = functions.get(name)
    if (known !== undefined) return known
    const fresh: FunctionTally = {
      outcomes: new Map(),
      throttles: new Map(),
      retries: new Map(),
      errors: new Map(),
      interrupted: new Map(),
      lateResults: 0,
      cutLines: 0,
      durations: createHistogram(),
      waits: createHistogram(),
      inits: createHistogram(),
    }
    functions.set(name, fresh)
    return fresh
  }

  return {
    functions,
    addRetry: (name, reason) => countOne(of(name).retries, reason),
    addError: (name, errorClass, reason, started) =>
      countOne(of(name).errors, errorKey(errorClass, reason, started)),
    addLateResult: (name) => void of(name).lateResults++,
    addCutLine: (name) => void of(name).cutLines++,
    add({ functionName, source }, outcome) {
      const tally = of(functionName)
      countOutcome(tally, source, labelOf(outcome))
      observe(tally.waits, outcome.waitedMs)
      if (outcome.durationMs !== undefined) observe(tally.durations, outcome.durationMs)
      if (outcome.initMs !== undefined) observe(tally.inits, outcome.initMs)
      if (outcome.status === 'throttled') countThrottle(tally, outcome.blocked)
      else if (outcome.failure !== undefined) countFailure(tally, outcome)
    },
  }
}

function countFailure(tally: FunctionTally, { failure, handlerStarted }: Outcome): void {
  if (failure === undefined) return
  const { errorClass, reason, cause } = failure
  countOne(tally.errors, errorKey(errorClass, reason, handlerStarted))
  if (cause !== undefined) countOne(tally.interrupted, cause)
}

function errorKey(errorClass: ErrorClass, reason: FailureReason, started: boolean): string {
  return `${errorClass}/${reason}/${started ? 1 : 0}`
}

function countOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Tenants are not told apart: there may be any number of them. */
function countThrottle({ throttles }: FunctionTally, blocked: Blocked): void {
  const { scope, name, why } = blocked
  const limit = scope === 'tenant' ? `tenant/${name.split(':', 1)[0]}` : limitId(blocked)
  let byWhy = throttles.get(limit)
  if (byWhy === undefined) throttles.set(limit, (byWhy = new Map()))
  countOne(byWhy, why)
}

/** A malformed answer is the function's failure, whatever the front end makes of it. */
export function labelOf({ status }: Outcome): OutcomeLabel {
  return status === 'malformed' ? 'function_error' : status
}

function countOutcome(tally: FunctionTally, source: InvocationSource, label: OutcomeLabel): void {
  let bySource = tally.outcomes.get(source)
  if (bySource === undefined) {
    bySource = { ...NONE }
    tally.outcomes.set(source, bySource)
  }
  bySource[label]++
}

const NONE: Readonly<Record<OutcomeLabel, number>> = {
  ok: 0,
  function_error: 0,
  timeout: 0,
  throttled: 0,
  interrupted: 0,
  platform_error: 0,
  cancelled: 0,
}

function createHistogram(): Histogram {
  return { counts: Array.from({ length: BUCKETS_MS.length + 1 }, () => 0), sumMs: 0 }
}

function observe(histogram: Histogram, valueMs: number): void {
  let bucket = 0
  while (bucket < BUCKETS_MS.length && valueMs > (BUCKETS_MS[bucket] ?? 0)) bucket++
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1
  histogram.sumMs += valueMs
}
