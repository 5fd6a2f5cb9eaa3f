import type { Context } from 'hono'
import type { HttpResponse, StreamHead } from '../../events/index.ts'
import type { Reply } from './reply.ts'

/** The answer as the `Response` that a Hono handler returns. */
export class HonoAnswer implements Reply {
  readonly #context: Context
  readonly #respond: (response: Response) => void
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined
  #resume: (() => void) | undefined
  #left = false

  constructor(context: Context, respond: (response: Response) => void) {
    this.#context = context
    this.#respond = respond
  }

  send(response: HttpResponse): void {
    if (this.#stream !== undefined) return this.#breakOff(this.#stream)
    this.#respond(toFetchResponse(this.#context, response))
  }

  begin({ status, rawHeaders }: StreamHead): void {
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => void (this.#stream = stream),
      pull: () => this.#onRoom(),
      cancel: () => {
        this.#left = true
        this.#onRoom()
      },
    })
    this.#respond(this.#context.body(body, status as 200, recordOf(rawHeaders)))
  }

  write(bytes: Uint8Array): boolean {
    // A client that has left takes nothing any more; the handler goes on.
    if (this.#left || this.#stream === undefined) return true
    this.#stream.enqueue(Uint8Array.from(bytes))
    return (this.#stream.desiredSize ?? 0) > 0
  }

  onDrain(resume: () => void): void {
    this.#resume = resume
  }

  end(): void {
    if (!this.#left) this.#stream?.close()
    this.#left = true
  }

  #breakOff(stream: ReadableStreamDefaultController<Uint8Array>): void {
    if (!this.#left) stream.error(new Error('the response broke off'))
    this.#left = true
  }

  #onRoom(): void {
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
  }
}

/**
 * A `Response` by way of the context, which adds what middleware has set.
 * @throws {RangeError} for a status over 599, which the Fetch API does not have.
 */
export function toFetchResponse(
  context: Context,
  { status, rawHeaders, body }: HttpResponse,
): Response {
  const sent = HAS_NO_BODY.has(status) ? null : (body as Uint8Array<ArrayBuffer> | string)
  return context.body(sent as string, status as 200, recordOf(rawHeaders))
}

const HAS_NO_BODY: ReadonlySet<number> = new Set([204, 205, 304])

function recordOf(rawHeaders: readonly string[]): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {}
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    const value = rawHeaders[i + 1] ?? ''
    const seen = record[name]
    if (seen === undefined) record[name] = value
    else if (typeof seen === 'string') record[name] = [seen, value]
    else seen.push(value)
  }
  return record
}
