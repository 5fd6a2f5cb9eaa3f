import type { Ask } from '../gate/ask.ts'
import type { LimitsConfig, Priority } from '../model/limits.ts'
import type { Invocation, InvocationSource, Wish } from './invocation.ts'
import { callerOf, spanOf } from '../runtime/trace.ts'

/** Longest default wait of a user for limits; a quarter of the time it has left, at most this. */
const INTERACTIVE_WAIT_MS = 5000
const INTERACTIVE_SHARE = 0.25

const PRIORITY_BY_SOURCE: Readonly<Record<InvocationSource, Priority>> = {
  http: 'interactive',
  invoke: 'interactive',
  event: 'async',
  schedule: 'async',
  notification: 'async',
  queue: 'batch',
}

/** An invocation as far as it is known when it asks: of a reservation that is not much. */
export type Asking = Wish & Partial<Pick<Invocation, 'id' | 'traceId' | 'priority'>>

/** What an invocation asks of the gate: priority and wait as configured, else by how it came. */
export function toAsk(asking: Asking, config: LimitsConfig, nowMs: number): Ask {
  const { functionName, source, deadlineMs, id } = asking
  const limits = config.functions[functionName]
  const group = limits === undefined ? undefined : config.groups[limits.group]
  const priority =
    asking.priority ?? limits?.priority ?? group?.priority ?? PRIORITY_BY_SOURCE[source]
  const maxWaitMs = isPolled(source)
    ? Infinity
    : (limits?.maxWaitMs ?? group?.maxWaitMs ?? defaultMaxWaitMs(priority, deadlineMs - nowMs))
  const ask: Mutable<Ask> = {
    functionName,
    priority,
    // On Lambda nobody waits.
    maxWaitMs: config.mode === 'aws' ? 0 : maxWaitMs,
    deadlineMs,
  }
  if (id !== undefined) ask.span = spanOf(id)
  addWhose(ask, asking)
  return ask
}

/** What waits is in a durable queue; in the gate waits its poller, who has the time. */
function isPolled(source: InvocationSource): boolean {
  return source !== 'http' && source !== 'invoke'
}

function addWhose(ask: Mutable<Ask>, asking: Asking): void {
  const { source, traceId, tenant, version, mapping } = asking
  // A trace id on a route is anybody's word; on the Invoke API it is that of a program of ours.
  const caller = source === 'invoke' ? callerOf(traceId ?? '') : undefined
  if (caller !== undefined) ask.caller = caller
  if (mapping !== undefined) ask.source = mapping
  if (tenant !== undefined) ask.tenant = tenant
  if (version !== undefined) ask.version = version
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * How long an invocation waits for limits where nothing is configured: users a little, async work
 * not at all (it stays in its durable queue), batches as long as it takes (their poller waits).
 */
export function defaultMaxWaitMs(priority: Priority, remainingMs: number): number {
  switch (priority) {
    case 'interactive':
      return Math.min(INTERACTIVE_WAIT_MS, remainingMs * INTERACTIVE_SHARE)
    case 'async':
      return 0
    case 'batch':
      return Infinity
  }
}
