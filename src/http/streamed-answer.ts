import {
  createPreludeReader,
  toStreamHead,
  WITH_PRELUDE,
  type HttpRequest,
  type HttpResponse,
  type PreludeReader,
  type RouteContext,
  type StreamHead,
} from '../events/index.ts'
import type { ResponseStream } from '../invoke/invocation.ts'
import { collectedBytesMax } from './body-limits.ts'
import type { Turn } from './turn.ts'

/** A request that is answered in pieces, and by whom it is refused. */
export interface StreamedExchange {
  readonly turn: Turn
  readonly request: Pick<HttpRequest, 'requestId' | 'traceId'>
  readonly route: RouteContext
  /** The head goes out; bytes follow. */
  begin(head: StreamHead): void
  /** All of it, from a front end that does not stream. */
  respond(response: HttpResponse): void
  /** It cannot be sent; nothing was. */
  refuse(): void
}

/**
 * A streamed response on its way to an HTTP client: status and headers from its prelude, where it
 * has one, then the bytes as they come; or all at once, where the front end does not stream.
 */
export class StreamedAnswer implements ResponseStream {
  readonly #exchange: StreamedExchange
  readonly #collected: Uint8Array[] | undefined
  #collectedBytes = 0
  #contentType = ''
  #prelude: PreludeReader | undefined
  #head: StreamHead | undefined
  #refused = false
  #hasBytes = false

  constructor(exchange: StreamedExchange) {
    this.#exchange = exchange
    this.#collected = exchange.route.streams === true ? undefined : []
  }

  start(contentType: string): void {
    this.#contentType = contentType
    if (contentType === WITH_PRELUDE) this.#prelude = createPreludeReader()
    else this.#open(undefined)
  }

  write(bytes: Uint8Array): boolean {
    this.#hasBytes = true
    const body = this.#prelude === undefined ? bytes : this.#afterPrelude(this.#prelude, bytes)
    if (this.#refused || body.length === 0) return true
    if (this.#collected !== undefined) return this.#collect(this.#collected, body)
    const { turn } = this.#exchange
    // A client that has left, or waited too long, takes nothing any more; the function goes on.
    return turn.takesMore ? turn.write(body) : true
  }

  onDrain(resume: () => void): void {
    this.#exchange.turn.onDrain(resume)
  }

  /** The handler is done and the stream whole. */
  end(): void {
    if (this.#prelude !== undefined) {
      // Where nothing was written, there is no prelude either.
      if (this.#hasBytes) this.#refuse()
      else this.#open(undefined)
    }
    if (this.#refused) return
    if (this.#collected === undefined) this.#exchange.turn.end()
    else this.#respond(Buffer.concat(this.#collected))
  }

  /** It broke off. False where nothing had been sent, and an error can be. */
  breakOff(): boolean {
    if (this.#refused) return true
    if (this.#head === undefined || this.#collected !== undefined) return false
    // Without its last chunk the client knows that it has not all of it.
    const { turn } = this.#exchange
    if (turn.takesMore) turn.destroy()
    return true
  }

  #afterPrelude(reader: PreludeReader, bytes: Uint8Array): Uint8Array {
    const read = reader.push(bytes)
    if (read === undefined) return NOTHING
    this.#prelude = undefined
    if ('reason' in read) {
      this.#refuse()
      return NOTHING
    }
    this.#open(read.value.text)
    return bytes.subarray(read.value.bodyAt)
  }

  #open(prelude: string | undefined): void {
    const { request, route } = this.#exchange
    const head = toStreamHead(prelude, this.#contentType, request, route)
    if ('reason' in head) return this.#refuse()
    this.#head = head.value
    if (this.#collected === undefined) this.#exchange.begin(head.value)
  }

  #collect(collected: Uint8Array[], bytes: Uint8Array): boolean {
    this.#collectedBytes += bytes.length
    if (this.#collectedBytes > collectedBytesMax(this.#exchange.route.front)) this.#refuse()
    else collected.push(Uint8Array.from(bytes))
    return true
  }

  #respond(body: Uint8Array): void {
    if (this.#head === undefined) return
    const { status, rawHeaders } = this.#head
    const length = ['Content-Length', String(body.length)]
    this.#exchange.respond({ status, rawHeaders: [...rawHeaders, ...length], body })
  }

  #refuse(): void {
    this.#refused = true
    this.#collected?.splice(0)
    this.#exchange.refuse()
  }
}

const NOTHING = new Uint8Array(0)
