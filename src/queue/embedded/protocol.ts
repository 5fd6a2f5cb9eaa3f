import type { Message, NewMessage, QueueCounts, SendResult, VisibilityChange } from '../queue.ts'

/** A queue as the engine keeps it. Times in milliseconds since 1970. */
export interface QueueFacts {
  readonly name: string
  /** Those that were set, by SQS's names. */
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  readonly createdMs: number
  readonly modifiedMs: number
}

/** A received message; of what dead-lettered it only the name is known here. */
export type RawMessage = Omit<Message, 'deadLetterSourceArn' | 'senderId'> & {
  readonly deadLetterSource?: string
}

/** What the engine is asked to do: each kind with what it takes and what it gives. */
export interface Works {
  send: { takes: { messages: readonly NewMessage[] }; gives: readonly SendResult[] }
  receive: { takes: ReceiveWork; gives: readonly RawMessage[] }
  ready: { takes: { count: number; waitMs: number }; gives: number }
  transfer: { takes: { handle: string; target: string; message: NewMessage }; gives: boolean }
  delete: { takes: { handles: readonly string[] }; gives: readonly boolean[] }
  changeVisibility: { takes: { changes: readonly VisibilityChange[] }; gives: readonly boolean[] }
  putBack: { takes: { handles: readonly string[] }; gives: undefined }
  counts: { takes: object; gives: QueueCounts }
  /** Makes it, or has it have these attributes and tags from now on. */
  define: { takes: Pick<QueueFacts, 'attributes' | 'tags'>; gives: QueueFacts }
  purge: { takes: object; gives: undefined }
  remove: { takes: object; gives: undefined }
  /** Ends the wait of another piece of work, which then has nothing. */
  giveUp: { takes: { workId: number }; gives: undefined }
}

export interface ReceiveWork {
  readonly max: number
  readonly waitMs: number
  readonly visibilityTimeoutMs?: number
  readonly byClient?: boolean
}

export type Kind = keyof Works

/** One piece of work for a queue. */
export type Work<K extends Kind = Kind> = {
  [Each in K]: { readonly id: number; readonly kind: Each; readonly queue: string } & Readonly<
    Works[Each]['takes']
  >
}[K]

/** How a piece of work ended. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure }

export interface Failure {
  readonly code: 'SPILLWAY_QUEUE_NOT_FOUND' | 'SPILLWAY_DISK_FULL' | 'SPILLWAY_QUEUE_BROKEN'
  readonly message: string
}

/** What the worker thread tells. */
export type FromWorker =
  | { readonly kind: 'open'; readonly queues: readonly QueueFacts[] }
  | { readonly kind: 'refused'; readonly code: OpenFailure; readonly message: string }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] }
  | { readonly kind: 'trouble'; readonly sentence: string }
  | { readonly kind: 'closed' }

export type OpenFailure = 'SPILLWAY_DATA_DIR_TAKEN' | 'SPILLWAY_QUEUE_BROKEN'

/** What the worker thread is told. */
export type ToWorker =
  | { readonly kind: 'work'; readonly work: readonly Work[] }
  | { readonly kind: 'close' }
