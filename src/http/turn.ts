import type { Body } from '../lib/body.ts'

/**
 * One request of a client and the way its answer goes back, whoever reads and writes them: node:http,
 * or our own front (`front/`).
 */
export interface Turn {
  readonly method: string
  /** As on the wire, query included. */
  readonly target: string
  /** `[name, value, …]`, as they came. */
  readonly rawHeaders: readonly string[]
  /** `HTTP/1.1`. */
  readonly protocol: string
  /** The address at the other end of the connection, which may be a proxy's. */
  readonly peer: string
  /** The port that the client connected to. */
  readonly port: number
  /** It came over TLS. */
  readonly isSecure: boolean
  /** Calls `done` once; undefined when the client left first. See `lib/body.ts`. */
  readBody(lengthMax: number, done: (body: Body | undefined) => void): void

  /** False once a head is out, or the client is gone. */
  readonly isUnanswered: boolean
  /** False once the answer is whole, or the client is gone. */
  readonly takesMore: boolean
  /** The whole answer. `isLast` closes the connection after it. @throws {Error} for headers that cannot be sent. */
  send(answer: Answer, isLast: boolean): void
  /** The head of an answer whose body follows; it goes out at once. @throws {Error} as above. */
  begin(head: AnswerHead, isLast: boolean): void
  /** The next bytes, which may be overwritten afterwards. False: enough for now. */
  write(bytes: Uint8Array): boolean
  end(): void
  /** Breaks the connection, so that the client knows that it has not all of it. */
  destroy(): void
  /** Has this called once the client has taken what was written, or has left. */
  onDrain(resume: () => void): void
  /** Has this called once, when the answer is out (`true`) or the client has left before. */
  onOver(over: (finished: boolean) => void): void
}

export interface AnswerHead {
  readonly status: number
  /** `[name, value, …]` */
  readonly rawHeaders: readonly string[]
}

export interface Answer extends AnswerHead {
  readonly body: Uint8Array | string
}
