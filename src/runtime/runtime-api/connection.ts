import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What became of an invocation that went out on a connection that is closed. */
export type Fate =
  /** It was read, or may have been. */
  | 'read'
  /** It was not all read, ever: the system says so. */
  | 'unread'

/**
 * One connection of the runtime, and what is known of the invocation that went out on it last.
 *
 * A process that dies, or closes, while something that was sent to it lies unread has its kernel send
 * RST; one that has read everything sends FIN. Nothing is sent after an invocation until the
 * runtime has said something, so RST means that it has not seen the end of it, and FIN that it
 * may have. (A socket with SO_LINGER 0 sends RST always; no client of the Runtime API sets that.)
 */
export class Connection {
  readonly socket: Socket
  readonly #isPeerDying: () => boolean
  /** Requests whose answers are not out: more than one where the runtime does not wait for them. */
  #asked = 0
  #response: ServerResponse | undefined
  #isReset = false
  #isFlushed = false

  constructor(socket: Socket, isPeerDying: () => boolean) {
    this.socket = socket
    this.#isPeerDying = isPeerDying
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNRESET' || code === 'EPIPE') this.#isReset = true
    })
    // Before the HTTP server closes our end as well.
    socket.on('end', () => this.#probe())
    // It would close without waiting to hear whether the last answer was read.
    socket.destroySoon = () => void socket.end()
  }

  /** All of the invocation has left this process. */
  get isFlushed(): boolean {
    return this.#isFlushed
  }

  /** A request has come in. Whoever asks on has read what there was before. */
  onRequest(response: ServerResponse): void {
    this.#response = undefined
    this.#asked++
    response.once('close', () => this.#asked--)
  }

  /** Something came that is no request. */
  onGarbage(): void {
    if (!this.#isReset) this.#response = undefined
  }

  /** Sends an invocation, and nothing after it. False: there is no telling what will become of it. */
  deliver(response: ServerResponse, headers: Record<string, string>, body: Uint8Array): boolean {
    const isAlone = this.#asked === 1
    if (isAlone) this.#response = response
    this.#isFlushed = false
    response.sendDate = false
    response.writeHead(200, { ...headers, 'Content-Length': String(body.byteLength) })
    response.end(body, () => (this.#isFlushed = true))
    if (this.socket.writableLength === 0) this.#isFlushed = true
    return isAlone
  }

  /** To be asked once it is closed. */
  fate(): Fate {
    if (this.#response === undefined) return 'read'
    return this.#isReset || !this.#isFlushed ? 'unread' : 'read'
  }

  /**
   * The other end has closed. Had it done so before the invocation arrived, RST came after FIN,
   * and is seen by whoever writes next. Only to one that is ending: others may still read.
   */
  #probe(): void {
    const { socket } = this
    if (this.#response === undefined || !socket.writable || !this.#isPeerDying()) return
    socket.write('\r\n')
  }
}
