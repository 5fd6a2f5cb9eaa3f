/**
 * Message queues in SQS's terms. Two engines speak this: the embedded one, and whatever speaks SQS.
 * Every promise is kept only once it is durable.
 */
export interface Queues {
  /** Sends up to ten messages (more from within: async invokes). One result each, in order. */
  send(queue: string, messages: readonly NewMessage[]): Promise<readonly SendResult[]>
  /**
   * Takes what is visible, and hides it. Waits for the first one up to `waitMs`; an abort ends the
   * wait, and takes nothing.
   * @throws {SpillwayError} SPILLWAY_QUEUE_NOT_FOUND.
   */
  receive(queue: string, options: ReceiveOptions): Promise<readonly Message[]>
  /**
   * How many are visible, once there are `count` of them, or `waitMs` are over, or the wait is aborted.
   * Takes nothing: for whoever must have the right to run before it receives. Absent where only
   * receiving tells (SQS).
   */
  ready?(queue: string, options: ReadyOptions): Promise<number>
  /**
   * Deletes a message and sends another one, in one step: no crash comes between. False, and nothing is
   * sent, where the handle is no longer valid. Absent where there is no such step (SQS).
   */
  transfer?(
    queue: string,
    handle: string,
    to: { readonly queue: string; readonly message: NewMessage },
  ): Promise<boolean>
  /** True for each that is gone now; false where the handle is no longer valid (FIFO). */
  delete(queue: string, handles: readonly string[]): Promise<readonly boolean[]>
  /** True for each that was in flight. 0 makes it visible at once. */
  changeVisibility(queue: string, changes: readonly VisibilityChange[]): Promise<readonly boolean[]>
  /**
   * Puts messages back as if they had never been received: their receive count is what it was. What a
   * throttle needs, and SQS does not have: there it is a change of visibility.
   */
  putBack(queue: string, handles: readonly string[]): Promise<void>
  /** How many are visible, in flight and delayed, and the age of the oldest visible one. */
  counts(queue: string): Promise<QueueCounts>
  close(): Promise<void>
}

export interface NewMessage {
  readonly body: string
  readonly attributes?: Readonly<Record<string, MessageAttribute>>
  /** Default: the queue's. Not on FIFO queues. */
  readonly delayMs?: number
  /** FIFO: order is kept within one. Standard: others have their turn beside it (fair queues). */
  readonly groupId?: string
  readonly deduplicationId?: string
  /** `AWSTraceHeader`. */
  readonly traceHeader?: string
}

export interface MessageAttribute {
  /** `String`, `Number`, `Binary`, or one of them with `.label`. */
  readonly dataType: string
  readonly value: string | Uint8Array
}

export interface SendResult {
  readonly messageId: string
  readonly md5OfBody: string
  readonly md5OfAttributes?: string
  /** FIFO. */
  readonly sequenceNumber?: string
}

export interface ReceiveOptions {
  /** 1–10. */
  readonly max: number
  /**
   * Whoever receives is another process, and lives on when this one ends. Default: all that was
   * received is visible again at the next start, because whoever worked on it has died.
   */
  readonly byClient?: boolean
  readonly waitMs: number
  /** Default: the queue's. */
  readonly visibilityTimeoutMs?: number
  readonly signal?: AbortSignal
}

export interface ReadyOptions {
  readonly count: number
  /** Infinity is allowed. */
  readonly waitMs: number
  readonly signal?: AbortSignal
}

export interface Message extends NewMessage {
  readonly messageId: string
  readonly receiptHandle: string
  readonly md5OfBody: string
  readonly md5OfAttributes?: string
  /** This time counted in. */
  readonly receiveCount: number
  readonly sentMs: number
  readonly firstReceivedMs: number
  readonly senderId: string
  readonly sequenceNumber?: string
  /** Where it was dead-lettered from. */
  readonly deadLetterSourceArn?: string
}

export interface VisibilityChange {
  readonly receiptHandle: string
  readonly timeoutMs: number
}

export interface QueueCounts {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
  readonly oldestMs?: number
}
