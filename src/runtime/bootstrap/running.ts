import { AsyncLocalStorage } from 'node:async_hooks'
import type { HttpRequest, RouteContext } from '../../events/index.ts'
import type { ResponseStream } from '../../lib/response-stream.ts'

/** An invocation that runs, or has run: late code of it is still its own. */
export interface Running {
  readonly seq: number
  readonly id: string
  /** `_X_AMZN_TRACE_ID` to its code. */
  traceId: string
  readonly startMs: number
  /** Of an HTTP request: what the result is translated with. */
  readonly http: { readonly request: HttpRequest; readonly route: RouteContext } | undefined
  context: Record<string, unknown>
  /** Set by `callback(null, x)`, which answers when the event loop is empty. */
  called: { readonly result: unknown } | undefined
  /** A promise was returned; an empty event loop then means that it never settles. */
  isAsync: boolean
  /** Of a streaming handler. */
  stream: ResponseStream | undefined
  /** It is answered; whatever comes of it now changes nothing. */
  over: boolean
}

/** Whose code it is that runs, throws or logs: the invocation's that began it, over or not. */
export const owner: AsyncLocalStorage<Running> = new AsyncLocalStorage<Running>()

/** Slots and no map: entries that come and go with each invocation cost more than the search. */
const slots: (Running | undefined)[] = []
let several = false
let count = 0

/** Says how many may run at the same time. */
export function allow(concurrency: number): void {
  several = concurrency > 1
}

/** Whether several may run at the same time. */
export function runsSeveral(): boolean {
  return several
}

export function runningCount(): number {
  return count
}

export function enter(running: Running): void {
  count++
  const free = slots.indexOf(undefined)
  slots[free === -1 ? slots.length : free] = running
}

export function leave(running: Running): void {
  running.over = true
  count--
  slots[slots.indexOf(running)] = undefined
}

export function findRunning(seq: number): Running | undefined {
  return slots.find((each) => each?.seq === seq)
}

export function allRunning(): Running[] {
  return slots.filter((each) => each !== undefined)
}

/**
 * The invocation that lines of the log belong to. Where one runs at a time it is that one, whoever
 * writes, as on Lambda.
 */
export function current(): Running | undefined {
  return several ? owner.getStore() : slots[0]
}
