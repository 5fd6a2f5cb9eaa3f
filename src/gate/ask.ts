import type { Priority } from '../model/limits.ts'
import type { Blocked } from './refusal.ts'

/** One invocation asking to run. */
export interface Ask {
  readonly functionName: string
  readonly priority: Priority
  /** How long it may wait for limits. 0 means now or never, as on Lambda; Infinity is allowed. */
  readonly maxWaitMs: number
  /** When the caller stops waiting, on the clock's `nowMs`; bounds the wait for an environment too. */
  readonly deadlineMs: number
  /** Whose work it is, where the function has limits for each tenant. */
  readonly tenant?: string
  /** The event source mapping that it comes from, where that has a limit. */
  readonly source?: string
  /** The version or alias that was asked for, where that has provisioned concurrency. */
  readonly version?: string
  /** What calls that it makes name as their caller. */
  readonly span?: string
  /** The span of the invocation that sent it, and waits for it. */
  readonly caller?: string
}

/** What the gate says. A throttle is an answer, not an exception: it is an everyday thing. */
export type Decision =
  | { readonly kind: 'permit'; readonly permit: Permit }
  | { readonly kind: 'throttle'; readonly blocked: Blocked }
  /** The deadline passed while only an environment was missing. */
  | { readonly kind: 'late'; readonly waitedMs: number }
  | { readonly kind: 'cancelled'; readonly waitedMs: number }
  /** No such function, or it went away in a reload. */
  | { readonly kind: 'gone'; readonly waitedMs: number }

/** The right to run one invocation, an environment's slot included. Release it exactly once. */
export interface Permit {
  readonly functionName: string
  readonly waitedMs: number
  /** @throws {Error} when it was released before: the counts would drift. */
  release(): void
}

/** Who asks, and is told: once, and for all. Must not throw: others are being told in the same step. */
export interface Asker {
  onDecision(decision: Decision): void
}
