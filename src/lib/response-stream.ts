import { Writable } from 'node:stream'
import { namedError } from './named-error.ts'

/** Where a streamed response goes. */
export interface StreamSink {
  start(contentType: string): void
  write(bytes: Uint8Array): void
  /** It has grown over Lambda's limit; what is beyond is not sent. */
  onTooLarge(): void
}

/** Lambda's limit for a streamed response since August 2025: 200 MiB; it was 20. */
export const STREAM_BYTES_MAX: number = 200 * 1024 * 1024

/** No more than this goes out in one turn of the loop: in the next one the server's word may lie. */
const TURN_BYTES = 64 * 1024

const DEFAULT_TYPE = 'application/octet-stream'

/**
 * What a streaming handler writes to, as Lambda's Node runtime has it (its ResponseStream): objects
 * go out as JSON, and the type can be set until the first write.
 */
export class ResponseStream extends Writable {
  readonly #sink: StreamSink
  #contentType = DEFAULT_TYPE
  #written = false
  #bytesLeft = STREAM_BYTES_MAX
  #turnBytes = 0
  #held = false
  /** What the last `_write` has not sent yet, and whom to tell when it has. */
  #rest: Buffer | undefined
  #done: (() => void) | undefined
  /** Something of it is on its way to the client. */
  begun = false
  /** Lambda's own hook: `HttpResponseStream` sets it to send the prelude. */
  _onBeforeFirstWrite: ((write: (chunk: unknown) => void) => void) | undefined

  constructor(sink: StreamSink, highWaterMark: number | undefined) {
    super(highWaterMark === undefined ? {} : { highWaterMark })
    this.#sink = sink
  }

  /** @throws {Error} `Runtime.InvalidStreamingOperation` after the first write. */
  setContentType(contentType: string): void {
    if (this.#written) {
      throw namedError('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.')
    }
    this.#contentType = contentType
  }

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    if (!this.#written) {
      this.#written = true
      this._onBeforeFirstWrite?.((each) => this.#push(each, []))
    }
    return this.#push(chunk, rest)
  }

  override end(...given: unknown[]): this {
    const [chunk, encoding] = given
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') {
      this.write(chunk, ...(typeof encoding === 'string' ? [encoding] : []))
    }
    const done = given.find((each) => typeof each === 'function')
    return super.end(done as (() => void) | undefined)
  }

  /** The client has enough for now. */
  hold(): void {
    this.#held = true
  }

  /** It takes more. */
  go(): void {
    this.#held = false
    this.#pump()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#rest = chunk
    this.#done = done
    this.#pump()
  }

  override _final(done: () => void): void {
    this.#begin()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#rest = undefined
    done(error)
  }

  #push(chunk: unknown, rest: unknown[]): boolean {
    const isBytes = typeof chunk === 'string' || chunk instanceof Uint8Array
    const text = isBytes ? chunk : JSON.stringify(chunk)
    return super.write(text, ...(rest as [BufferEncoding]))
  }

  #begin(): void {
    if (this.begun) return
    this.begun = true
    this.#sink.start(this.#contentType)
  }

  #pump(): void {
    while (this.#rest !== undefined && !this.#held) {
      if (this.#turnBytes >= TURN_BYTES) return
      this.#sendSome(this.#rest)
    }
  }

  #sendSome(rest: Buffer): void {
    const piece = rest.subarray(0, Math.min(TURN_BYTES, this.#bytesLeft))
    this.#begin()
    if (piece.length > 0) this.#sink.write(piece)
    this.#bytesLeft -= piece.length
    if (this.#turnBytes === 0) setImmediate(() => this.#onTurn())
    this.#turnBytes += piece.length
    if (piece.length === rest.length) return this.#onSent()
    if (this.#bytesLeft === 0) {
      this.#rest = undefined
      this.#sink.onTooLarge()
    } else this.#rest = rest.subarray(piece.length)
  }

  #onTurn(): void {
    this.#turnBytes = 0
    this.#pump()
  }

  #onSent(): void {
    const done = this.#done
    this.#rest = undefined
    this.#done = undefined
    done?.()
  }
}
