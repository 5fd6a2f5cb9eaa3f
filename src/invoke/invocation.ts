import type { Blocked } from '../gate/refusal.ts'
import type { Failure } from './failure.ts'
import type { Priority } from '../model/limits.ts'
import type { Payload, Result } from '../runtime/work.ts'

/** One run of a function, asked for. Every door makes one of these and calls the same `invoke`. */
export interface Invocation {
  /** The Lambda request id, a UUID. */
  readonly id: string
  /** Deployed name. */
  readonly functionName: string
  readonly payload: Payload
  readonly source: InvocationSource
  /** Default: by source (see `model/limits.ts`), unless function or group set another. */
  readonly priority?: Priority
  /** When the caller stops waiting, on the clock's `nowMs`. Bounds every wait; never the run itself. */
  readonly deadlineMs: number
  /** Exactly as the caller named the function: with a qualifier only if it gave one. */
  readonly invokedArn: string
  readonly traceId: string
  /** The decoded `X-Amz-Client-Context`, JSON text. */
  readonly clientContext?: string
  /** Whose work it is (`X-Amz-Tenant-Id`, at most 256 characters): the function's `perTenant` limits hold. */
  readonly tenant?: string
  /** The version or alias of the function whose provisioned concurrency it may use. */
  readonly version?: string
  /** The event source mapping that it comes from: its `sources` limits hold. */
  readonly mapping?: string
  /** Keep the last 4 KiB of the log for the caller (`X-Amz-Log-Type: Tail`). */
  readonly tail?: boolean
  /** How the caller says that it has left. */
  readonly caller?: Caller
  /** Where a streamed response goes as it is written. Without one it is collected, as Lambda's Invoke does. */
  readonly stream?: ResponseStream
}

/** A caller that takes a response in pieces. Nothing is called where the handler does not stream. */
export interface ResponseStream {
  start(contentType: string): void
  /** Valid only during the call. False: enough for now, see `onDrain`. */
  write(bytes: Uint8Array): boolean
  /** Has this called once more bytes are welcome. */
  onDrain(resume: () => void): void
}

/**
 * Someone who may leave before the answer. While the invocation waits, `waiting` is set and can be
 * cancelled; one that runs is let finish, as on Lambda. (An AbortSignal for each request costs more
 * than the wait.)
 */
export interface Caller {
  waiting: { cancel(): void } | undefined
  /** Set once the handler is known to have begun. */
  begun?: boolean
  /** Set by the caller that has left. */
  left?: boolean
}

export type InvocationSource =
  | 'http'
  /** The Invoke API, `RequestResponse`. */
  | 'invoke'
  /** The Invoke API, `Event`, and destinations. */
  | 'event'
  | 'schedule'
  | 'notification'
  | 'queue'

/** Those nobody waits for an answer of: they wait in a durable queue, and their poller in the gate. */
export type BackgroundSource = Exclude<InvocationSource, 'http' | 'invoke'>

/** How an invocation ended. A function's own failure is an outcome, never an exception. */
export type Outcome = OutcomeFacts &
  (
    | { readonly status: 'ok'; readonly result: Result }
    /** The handler threw, exited, ran out of memory or could not be loaded. */
    | { readonly status: 'function_error'; readonly error: FunctionError }
    /** The function's own timeout. */
    | { readonly status: 'timeout'; readonly error: FunctionError }
    /** The handler answered what its front end calls malformed. */
    | { readonly status: 'malformed'; readonly reason: string }
    /** A limit stood in the way until the wait was over. The handler did not start. */
    | { readonly status: 'throttled'; readonly blocked: Blocked }
    /** The environment was taken away after the handler had started. */
    | { readonly status: 'interrupted'; readonly error: FunctionError }
    /** Ours: no environment could be had before the deadline. The handler did not start. */
    | { readonly status: 'platform_error'; readonly message: string }
    /** The caller left while it waited. The handler did not start. */
    | { readonly status: 'cancelled' }
  )

export interface OutcomeFacts {
  readonly handlerStarted: boolean
  /** Whose failure it was; absent where there was none. */
  readonly failure?: Failure
  /** How often it was handed to an environment: more than 1 when one died before the handler began. */
  readonly attempts: number
  /** In the gate, for limits and for an environment. */
  readonly waitedMs: number
  /** Of the handler; absent where it did not start. */
  readonly durationMs?: number
  /** Present when this invocation was the first of its environment. */
  readonly initMs?: number
  /** The last 4 KiB of its log, where `tail` was asked for. */
  readonly logTail?: string
}

/** The error JSON a caller of Lambda would see. */
export interface FunctionError {
  readonly errorType: string
  readonly errorMessage: string
  /** The whole error object as bytes, in the runtime's own key order. */
  readonly json: Uint8Array
}

/** An invoker of a node that is to stop. */
export interface StoppableInvoker extends ReservingInvoker {
  /** From now on answers `draining`. What was let in, or waits, goes on. */
  refuse(): void
  /** Answers all that wait, too. */
  giveUpWaiting(): void
  /** Resolves when nothing runs. */
  idle(): Promise<void>
}

/** Runs invocations: gate, environment, retries of what never started. Never rejects for a function's fault. */
export interface Invoker {
  invoke(invocation: Invocation): Promise<Outcome>
}

/** An invoker for those who fetch their work once they may run it. */
export interface ReservingInvoker extends Invoker {
  /**
   * Asks the gate first: what waits in a durable queue is taken out of it once it can run, and so a
   * throttle never counts as a try. Resolves with the outcome where it may not run.
   */
  reserve(wish: Wish): Promise<Reservation | Refused>
}

/** An invocation of which is not known yet what it is to run. */
export type Wish = Pick<
  Invocation,
  'functionName' | 'source' | 'deadlineMs' | 'mapping' | 'tenant' | 'version' | 'caller'
>

/** The right to run one invocation, an environment's slot included. Use it or give it back, soon. */
export interface Reservation {
  readonly kind: 'reserved'
  run(what: Reserved): Promise<Outcome>
  /** There is nothing to run after all. */
  release(): void
}

export interface Refused {
  readonly kind: 'refused'
  readonly outcome: Outcome
}

/** What a reservation is used for. */
export type Reserved = Pick<
  Invocation,
  'id' | 'payload' | 'invokedArn' | 'traceId' | 'clientContext'
> &
  Partial<Pick<Invocation, 'source'>>
