import type { Blocker, LimitNode, LimitTag, Scope, Why } from './tree.ts'

/** Which limit stood in the way, and how it stood then. */
export interface Blocked {
  readonly scope: Scope
  /** Group, tag or function; `function:name` of a tenant, source or version; empty for the account. */
  readonly name: string
  readonly why: Why
  readonly max: number
  readonly inUse: number
  readonly waitedMs: number
  /** When a slot may be had, as measured; a second where nothing has been. */
  readonly retryAfterMs: number
}

const RETRY_AFTER_MIN_MS = 1000
const RETRY_AFTER_MAX_MS = 30_000
/** A pace that is made of fewer releases than this is none. */
const SAMPLES_MIN = 8

/**
 * How long it takes until as many slots of a limit were freed as are in line for it and one more;
 * undefined where no pace has been measured. By Little's law slots are freed at `inUse / mean`.
 */
export function waitMsAt(limit: LimitNode | LimitTag, ahead: number): number | undefined {
  const { meanUs, samples, inUse } = limit
  if (samples < SAMPLES_MIN || inUse === 0) return undefined
  return ((ahead + 1) * meanUs) / 1000 / inUse
}

/** So many for each slot may be in line: Knative's queue depth. */
const QUEUE_DEPTH = 10

export function isOverlong({ max }: LimitNode, waiting: number, least: number): boolean {
  return waiting >= Math.max(least, max * QUEUE_DEPTH)
}

/**
 * An estimate errs: where short work follows long, slots soon come free faster. Who is refused wrongly
 * loses more than who waits in vain, so an estimate must be this much too long.
 */
const MARGIN = 2

/** A limit of 0 is an off switch; and who would be throttled after the wait is told so before it. */
export function isHopeless(
  limit: LimitNode | LimitTag,
  ahead: number,
  remainingMs: number,
): boolean {
  if (remainingMs <= 0 || limit.max === 0) return true
  return remainingMs < Infinity && (waitMsAt(limit, ahead) ?? 0) > MARGIN * remainingMs
}

/** What the caller is told. `ahead` is how many go before the next one who asks. */
export function refusalOf({ limit, why }: Blocker, waitedMs: number, ahead: number): Blocked {
  const { scope, max, inUse } = limit
  const name = nameOf(limit)
  const guessMs = waitMsAt(limit, ahead) ?? RETRY_AFTER_MIN_MS
  const retryAfterMs = Math.min(Math.max(guessMs, RETRY_AFTER_MIN_MS), RETRY_AFTER_MAX_MS)
  return { scope, name, why, max, inUse, waitedMs, retryAfterMs }
}

/** As users know it: `function:name` for what is below a function. */
export function nameOf(limit: LimitNode | LimitTag): string {
  const { scope, name } = limit
  if (scope !== 'tenant' && scope !== 'source' && scope !== 'version') return name
  return `${limit.parent?.name ?? ''}:${name}`
}

/** `account`, `group/etl`, `function/report`: a limit's name in headers, logs and metrics. */
export function limitId({
  scope,
  name,
}: {
  readonly scope: string
  readonly name: string
}): string {
  return scope === 'account' ? 'account' : `${scope}/${name}`
}
