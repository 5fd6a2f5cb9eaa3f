import type { HttpResponse, StreamHead } from '../../events/index.ts'

/** The client's side of one request. What comes after a whole answer is dropped. */
export interface Reply {
  /**
   * After `begin` there is no way to say it any more: what was begun is then broken off, so that no
   * client takes it for whole.
   * @throws {Error} when the framework will not send it.
   */
  send(response: HttpResponse): void
  /** Bytes follow. */
  begin(head: StreamHead): void
  /** False while the client has enough for now. */
  write(bytes: Uint8Array): boolean
  /** Calls once when it takes more, or has left. */
  onDrain(resume: () => void): void
  end(): void
}
