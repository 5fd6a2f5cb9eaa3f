import type { Exit } from './process.ts'
import type { Measured, Work, WorkEnd } from './work.ts'

/**
 * The wire to the process of an environment, whatever that speaks. Invocations are known by their
 * number, which grows by one with each; they begin in that order.
 */
export interface Channel {
  /** Of the process; undefined where none could be started. */
  readonly pid: number | undefined
  /** Something handed over has not left the server yet, as the process does not take it. */
  readonly isBacklogged: boolean
  /** It waits to be handed the next one. Where it says false, `onReceptive` follows. */
  readonly isReceptive: boolean
  deliver(work: Work, seq: number): void
  /** Whether the handler was called, or is about to be. Exact, and final, once the process is gone. */
  hasBegun(seq: number): boolean
  /** Forbids every invocation up to this number that has not begun: after it `hasBegun` is final for them. */
  revokeThrough(seq: number): void
  /** `revokeThrough` reaches it. What is out on a wire that knows no way back is not to be returned. */
  mayTakeBack(seq: number): boolean
  /** Has the stream of an invocation wait until `resume`; the others go on. */
  pause(seq: number): void
  resume(seq: number): void
  /** Ends the process and all that it started, or asks them to end. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): void
}

/** What a channel tells the environment. */
export interface ChannelEvents {
  /** The handler is loaded. */
  onReady(maxMemoryUsedMb: number): void
  /** It cannot be loaded: the error JSON. The process ends by itself. */
  onInitError(error: Uint8Array): void
  /** What was handed over under a number; undefined where it is over. */
  workOf(seq: number): Work | undefined
  onEnd(seq: number, end: WorkEnd & Measured): void
  /** It waits for the next one again. */
  onReceptive(): void
  /** It was revoked just before it would have begun, and did not begin. */
  onRefused(seq: number): void
  onStream(seq: number, contentType: string): void
  /** The bytes are valid only during the call. */
  onChunk(seq: number, bytes: Uint8Array): void
  /** Log text of an invocation; 0 where none runs, undefined where nobody can tell. */
  onLog(seq: number | undefined, text: string): void
  /** It takes no more; what it has runs to its end. */
  onLeaving(): void
  /** The process is reaped, and all that it said has been told. */
  onGone(exit: ChannelExit): void
}

export interface ChannelExit extends Exit {
  /** It said what cannot be read, and was ended for it. */
  readonly brokeProtocol: boolean
  /** Why there was none: the function's fault. */
  readonly invalidEntrypoint?: string
}
