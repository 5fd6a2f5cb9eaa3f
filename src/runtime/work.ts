import type { HttpRequest, HttpResponse, RouteContext } from '../events/http.ts'

/**
 * What the handler is to receive. An HTTP request travels as it came, and the environment builds
 * the event: that halves what a request costs the gateway (`bench/README.md`).
 */
export type Payload =
  | { readonly kind: 'json'; readonly json: Uint8Array }
  | { readonly kind: 'http'; readonly request: HttpRequest; readonly route: RouteContext }

/** What a payload of each kind comes back as. */
export type Result =
  | { readonly kind: 'json'; readonly json: Uint8Array }
  | { readonly kind: 'http'; readonly response: HttpResponse }
  /** It went out as it was written. */
  | { readonly kind: 'streamed' }

/** One invocation as an environment gets it. */
export interface Work {
  readonly id: string
  readonly payload: Payload
  readonly invokedArn: string
  readonly traceId: string
  readonly clientContext?: string
  /** When the caller stops waiting, on the clock's `nowMs`. */
  readonly deadlineMs: number
  /** The handler is about to be called. `initMs` where it is the first of its environment. */
  onStarted(initMs: number | undefined): void
  /** Log text as written: one line, several, or part of one. */
  onLog(text: string): void
  /** A streamed response begins. Its bytes follow, then `onEnd` with `streamed`, or with how it broke off. */
  onStream(contentType: string): void
  /** The next bytes of a streamed response, valid only during the call. False: enough for now, see `onDrain`. */
  onChunk(bytes: Uint8Array): boolean
  /** Has this called once more bytes are welcome after `onChunk` said false. */
  onDrain(resume: () => void): void
  /** Called exactly once, last. */
  onEnd(end: WorkEnd): void
}

/** How it ended in the environment. Durations are the handler's own. */
export type WorkEnd =
  | ({ readonly kind: 'result'; readonly result: Result } & Measured)
  | ({ readonly kind: 'malformed'; readonly reason: string } & Measured)
  /** All of a streamed response went out, or the handler failed midway: then its error, as JSON bytes. */
  | ({ readonly kind: 'streamed'; readonly error?: Uint8Array } & Measured)
  /** The handler's error, as JSON bytes. */
  | ({ readonly kind: 'error'; readonly error: Uint8Array } & Measured)
  | ({ readonly kind: 'timeout' } & Measured)
  /** Nothing here could run it, or not in time; it was not called. */
  | { readonly kind: 'unserved'; readonly why: UnservedReason; readonly message: string }
  /** The handler cannot be loaded; it was not called. */
  | { readonly kind: 'failed_init'; readonly failure: InitFailure }
  | Died

/**
 * `deadline`: none was free before the caller's; `spawn`, `bootstrap`: see `NotStarted`; `gone`: the
 * function, or this node, went away meanwhile.
 */
export type UnservedReason = 'deadline' | 'gone' | 'not_served' | NotStarted['why']

/** The process ended. Unless `started`, it is proven that the handler did not begin. */
export interface Died {
  readonly kind: 'died'
  readonly started: boolean
  readonly reason: DeathReason
  readonly maxMemoryUsedMb: number
}

export interface Measured {
  readonly durationMs: number
  readonly maxMemoryUsedMb: number
}

/** Why an environment never became ready. */
export interface InitFailure {
  /** The error JSON of the runtime. Absent where the process just ended. */
  readonly error?: Uint8Array
  /** No process could be started at all: the machine's fault, not the function's. */
  readonly notStarted?: NotStarted
  /** Why there is nothing to start: the function brings no program, or none that runs here. */
  readonly invalidEntrypoint?: string
  readonly timedOut: boolean
  readonly reason: DeathReason
}

/** Why there is no process that could load the function. */
export interface NotStarted {
  /** The machine gave none; or what we start in it is not there. */
  readonly why: 'spawn' | 'bootstrap'
  readonly message: string
  /** It was short of something, and soon may not be. */
  readonly passing: boolean
}

/** Why a process ended: by itself, by its own memory limit, or by somebody's hand. */
export interface DeathReason {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly outOfMemory: boolean
  /** It said what cannot be read, and was ended for it. */
  readonly brokeProtocol: boolean
  /** It was ended because it did not begin what it was handed. */
  readonly hung?: 'stopped' | 'busy' | 'asleep'
}
