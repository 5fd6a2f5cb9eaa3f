import {
  createPreludeReader,
  toStreamHead,
  WITH_PRELUDE,
  type HttpRequest,
  type PreludeReader,
  type RouteContext,
} from '../../events/index.ts'
import { namedError } from '../../lib/named-error.ts'
import { ResponseStream, STREAM_BYTES_MAX } from '../../lib/response-stream.ts'
import type { LambdaHandler } from './options.ts'
import type { Reply } from './reply.ts'

export interface Streamed {
  readonly highWaterMark: number | undefined
  readonly request: HttpRequest
  readonly route: RouteContext
  readonly reply: Reply
  onDone(): void
  onFailed(kind: 'function-error' | 'malformed', error: unknown): void
}

/**
 * Calls a streaming handler and passes on what it writes, as it is written. It is done when its
 * promise has settled and the stream has ended, as on Lambda.
 */
export function stream(
  handler: LambdaHandler,
  [event, context]: readonly [event: unknown, context: object],
  streamed: Streamed,
): void {
  const out = new Outgoing(streamed)
  const returned = (handler as StreamingHandler)(event, out.stream, context)
  if (typeof (returned as { then?: unknown } | undefined)?.then !== 'function') {
    return out.fail('function-error', new Error('Streaming does not support non-async handlers.'))
  }
  ;(returned as PromiseLike<unknown>).then(
    () => {
      if (out.stream.writableFinished) out.end()
      else out.stream.once('finish', () => out.end())
    },
    (error: unknown) => out.fail('function-error', error),
  )
}

type StreamingHandler = (event: unknown, stream: ResponseStream, context: object) => unknown

/** The stream of one response, and what of it has reached the client. */
class Outgoing {
  readonly stream: ResponseStream
  readonly #streamed: Streamed
  #contentType = ''
  #prelude: PreludeReader | undefined
  #hasBytes = false
  #begun = false
  #over = false

  constructor(streamed: Streamed) {
    this.#streamed = streamed
    this.stream = new ResponseStream(
      {
        start: (contentType) => this.#start(contentType),
        write: (bytes) => this.#write(bytes),
        onTooLarge: () => this.fail('function-error', tooLarge()),
      },
      streamed.highWaterMark,
    )
    this.stream.on('error', (error) => this.fail('function-error', error))
    this.stream.on('close', () => {
      if (this.stream.writableFinished) return
      this.fail('function-error', new Error('The response stream was destroyed before its end'))
    })
  }

  end(): void {
    // Where nothing was written, there is no prelude either.
    if (this.#prelude !== undefined && this.#hasBytes) {
      return this.fail('malformed', new Error('the prelude of the stream has no end'))
    }
    if (!this.#begun) this.#open(undefined)
    if (this.#over) return
    this.#over = true
    this.#streamed.onDone()
  }

  fail(kind: 'function-error' | 'malformed', error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#streamed.onFailed(kind, error)
    this.stream.destroy()
  }

  #start(contentType: string): void {
    this.#contentType = contentType
    if (contentType === WITH_PRELUDE) this.#prelude = createPreludeReader()
    else this.#open(undefined)
  }

  #write(bytes: Uint8Array): void {
    this.#hasBytes = true
    const body = this.#prelude === undefined ? bytes : this.#afterPrelude(this.#prelude, bytes)
    if (this.#over || body.length === 0) return
    if (this.#streamed.reply.write(body)) return
    this.stream.hold()
    this.#streamed.reply.onDrain(() => this.stream.go())
  }

  #afterPrelude(reader: PreludeReader, bytes: Uint8Array): Uint8Array {
    const read = reader.push(bytes)
    if (read === undefined) return NOTHING
    this.#prelude = undefined
    if ('reason' in read) {
      this.fail('malformed', new Error(read.reason))
      return NOTHING
    }
    this.#open(read.value.text)
    return bytes.subarray(read.value.bodyAt)
  }

  #open(prelude: string | undefined): void {
    const { request, route, reply } = this.#streamed
    const head = toStreamHead(prelude, this.#contentType || DEFAULT_TYPE, request, route)
    if ('reason' in head) return this.fail('malformed', new Error(head.reason))
    this.#begun = true
    reply.begin(head.value)
  }
}

const DEFAULT_TYPE = 'application/octet-stream'
const NOTHING = new Uint8Array(0)

function tooLarge(): Error {
  const message = `Response payload size exceeded maximum allowed payload size (${STREAM_BYTES_MAX} bytes).`
  return namedError('Function.ResponseSizeTooLarge', message)
}
