import type { InitFailure } from './work.ts'

/** Who waits for an environment: the gate's word too, which this room stands below and cannot import. */
export interface Wanted {
  /** How many the limits would let in. */
  readonly count: number
  /** How many are in line, those included whom a limit keeps out at this moment. */
  readonly waiting: number
  readonly oldestMs: number
}

/** What metrics and logs are told. */
export type PoolEvent =
  | { readonly kind: 'ready'; readonly initMs: number }
  | {
      readonly kind: 'gone'
      readonly reason: GoneReason
      readonly killedFor?: KillReason | undefined
    }
  /** An environment never became ready; `attempt` counts those in a row. */
  | {
      readonly kind: 'init_failed'
      readonly failure: InitFailure
      readonly initMs: number
      readonly attempt: number
    }
  /** An answer came after its invocation had timed out, and was dropped. */
  | { readonly kind: 'late_result' }
  | { readonly kind: 'log'; readonly text: string }

/** `retired`: renewed or closed; `died`: ended by itself, by a timeout or from outside. */
export type GoneReason = 'idle' | 'failed_init' | 'died' | 'retired'

/** Why we ended a process by force while it was wanted. */
export type KillReason = 'timeout' | 'init_timeout' | 'start_timeout' | 'protocol'

/** What there is of what is kept warm. */
export interface Warmth {
  /** Environments that could take an invocation, or have one. */
  readonly ready: number
  /** None can be started: the function cannot be loaded. A start is tried again every while. */
  readonly failing: boolean
}
