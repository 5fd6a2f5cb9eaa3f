import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { HttpResponse, StreamHead } from '../../events/index.ts'
import type { Reply } from './reply.ts'

/** The answer through Fastify's own reply, so that hooks and plugins see it. */
export class FastifyAnswer implements Reply {
  readonly #reply: FastifyReply
  #body: Readable | undefined
  #resume: (() => void) | undefined

  constructor(reply: FastifyReply) {
    this.#reply = reply
  }

  send({ status, rawHeaders, body }: HttpResponse): void {
    if (this.#body !== undefined) {
      this.#body.destroy(new Error('the response broke off'))
      return
    }
    if (this.#reply.sent) return
    this.#setHead(status, rawHeaders)
    // Of a string it would complete the content type.
    void this.#reply.send(typeof body === 'string' ? Buffer.from(body) : body)
  }

  begin({ status, rawHeaders }: StreamHead): void {
    if (this.#reply.sent) return
    this.#body = new Readable({ read: () => this.#onRead() })
    this.#body.once('close', () => this.#onRead())
    this.#setHead(status, rawHeaders)
    void this.#reply.send(this.#body)
  }

  write(bytes: Uint8Array): boolean {
    const body = this.#body
    // A client that has left takes nothing any more; the handler goes on.
    if (body === undefined || body.destroyed) return true
    return body.push(Uint8Array.from(bytes))
  }

  onDrain(resume: () => void): void {
    this.#resume = resume
  }

  end(): void {
    this.#body?.push(null)
  }

  #onRead(): void {
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
  }

  #setHead(status: number, rawHeaders: readonly string[]): void {
    const lists = new Map<string, string[]>()
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = (rawHeaders[i] ?? '').toLowerCase()
      const values = lists.get(name)
      if (values === undefined) lists.set(name, [rawHeaders[i + 1] ?? ''])
      else values.push(rawHeaders[i + 1] ?? '')
    }
    const reply = this.#reply.code(status)
    for (const [name, values] of lists) reply.header(name, values.length === 1 ? values[0] : values)
  }
}
