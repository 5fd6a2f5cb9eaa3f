import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import type { HandOver } from '../../lib/listen.ts'
import type { Bounds } from '../../lib/strict-server.ts'
import type { Turn } from '../turn.ts'
import { FrontTurn, type Connection } from './front-turn.ts'
import { BODY_BYTES_MAX, OTHER, PARTIAL, readHead } from './head.ts'

/** What a client may send ahead of its answers before it has to wait. */
const AHEAD_BYTES_MAX = 2 * BODY_BYTES_MAX

const NOTHING = Buffer.alloc(0)

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly clock: Pick<Clock, 'nowMs' | 'wallMs'>
  readonly answer: (turn: Turn) => void
  readonly bounds: Bounds
  readonly socket: Socket
  readonly handOver: HandOver
}

/** A client's connection: one request after the other, until one is not ours to read. */
export class FrontConnection implements Connection {
  readonly #options: ConnectionOptions
  readonly socket: Socket
  readonly peer: string
  readonly port: number
  readonly isSecure: boolean
  /** Read and not yet answered. */
  #turn: FrontTurn | undefined
  #bytes: Buffer = NOTHING
  /** As long as this, `#bytes` may hold a whole request. */
  #wanted = 0
  #answered = 0
  #isReading = false
  #isPaused = false
  #isWatched = false
  #onDone: (() => void) | undefined
  /** Since when nothing runs, or came last. */
  sinceMs: number

  constructor(options: ConnectionOptions) {
    const { socket, clock } = options
    this.#options = options
    this.socket = socket
    this.peer = socket.remoteAddress ?? ''
    this.port = socket.localPort ?? 0
    this.isSecure = 'encrypted' in socket
    this.sinceMs = clock.nowMs()
    socket.on('data', this.#onData).on('end', this.#onEnd)
    socket.on('error', this.#onError).on('close', this.#onClose)
    socket.on('timeout', this.#onTimeout)
  }

  get isIdle(): boolean {
    return this.#turn === undefined && this.#bytes.length === 0
  }

  /** What came of a request, or of the first one, has been all since then. */
  isSlow(thenMs: number): boolean {
    if (this.#turn !== undefined || this.sinceMs >= thenMs) return false
    return this.#bytes.length > 0 || this.#answered === 0
  }

  onceDone(callback: () => void): void {
    this.#onDone = callback
  }

  wallMs(): number {
    return this.#options.clock.wallMs()
  }

  watchReader(): void {
    this.#isWatched = true
    this.socket.setTimeout(this.#options.bounds.stalledMs)
  }

  close(): void {
    this.socket.destroy()
  }

  /** From here on it is node:http's, and so is all that is not answered. */
  handOver(): void {
    const { socket } = this
    socket.off('data', this.#onData).off('end', this.#onEnd)
    socket.off('error', this.#onError).off('close', this.#onClose)
    socket.off('timeout', this.#onTimeout)
    this.#onDone?.()
    socket.pause()
    if (this.#bytes.length > 0) socket.unshift(this.#bytes)
    this.#bytes = NOTHING
    this.#options.handOver(socket)
    socket.resume()
  }

  onAnswered(isLast: boolean): void {
    this.#turn = undefined
    this.#answered++
    this.sinceMs = this.#options.clock.nowMs()
    if (this.#isWatched) this.socket.setTimeout(0)
    this.#isWatched = false
    if (isLast) {
      // What came after it is not run.
      this.#bytes = NOTHING
      this.socket.destroySoon()
      return
    }
    if (this.#isPaused) this.socket.resume()
    this.#isPaused = false
    if (!this.#isReading) this.#read()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    if (this.#turn === undefined) this.#read()
    else if (this.#bytes.length > AHEAD_BYTES_MAX) {
      this.#isPaused = true
      this.socket.pause()
    }
  }

  /** As node:http takes it: who says that no more comes wants no more either. */
  readonly #onEnd = (): void => void this.socket.end()

  readonly #onError = (): void => void this.socket.destroy()

  readonly #onTimeout = (): void => {
    // It may also wait for a handler that writes from time to time.
    if (this.socket.writableLength > 0) this.socket.destroy()
  }

  readonly #onClose = (): void => {
    this.#onDone?.()
    this.#turn?.abandon()
  }

  #read(): void {
    this.#isReading = true
    while (this.#turn === undefined && this.#bytes.length > 0) if (!this.#readOne()) break
    this.#isReading = false
  }

  /** False where there is no more to read now. */
  #readOne(): boolean {
    const bytes = this.#bytes
    if (bytes.length < this.#wanted) return false
    const head = readHead(bytes, 0)
    if (head === PARTIAL) return false
    if (head === OTHER) {
      this.handOver()
      return false
    }
    const end = head.bytes + head.bodyBytes
    this.#wanted = end
    if (bytes.length < end) return false
    this.#wanted = 0
    this.#bytes = bytes.length === end ? NOTHING : bytes.subarray(end)
    const mayKeep = this.#answered + 1 < this.#options.bounds.requestsPerConnection
    const turn = new FrontTurn(this, head, bytes.subarray(head.bytes, end), mayKeep)
    this.#turn = turn
    this.#options.answer(turn)
    return true
  }
}
