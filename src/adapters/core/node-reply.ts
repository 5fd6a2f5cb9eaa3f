import type { ServerResponse } from 'node:http'
import type { HttpResponse, StreamHead } from '../../events/index.ts'
import { onceDrained } from '../../lib/drained.ts'
import type { Reply } from './reply.ts'

/** The reply of a `ServerResponse`, with whatever middleware has set on it or put around it. */
export class NodeReply implements Reply {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  send({ status, rawHeaders, body }: HttpResponse): void {
    const response = this.#response
    if (response.headersSent) {
      if (!response.writableEnded) response.destroy()
      return
    }
    if (response.destroyed) return
    setHead(response, status, rawHeaders)
    response.end(body)
  }

  begin({ status, rawHeaders }: StreamHead): void {
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    setHead(response, status, rawHeaders)
    // The client is to know at once, however long the first bytes take.
    response.flushHeaders()
  }

  write(bytes: Uint8Array): boolean {
    const response = this.#response
    // A client that has left takes nothing any more; the handler goes on.
    if (response.destroyed || response.writableEnded) return true
    return response.write(Uint8Array.from(bytes))
  }

  onDrain(resume: () => void): void {
    onceDrained(this.#response, resume)
  }

  end(): void {
    this.#response.end()
  }
}

/**
 * Where middleware has a part in the response, one header after the other: what compresses or caches
 * looks at `getHeader`. What it has set stays, unless the handler sets the same; cookies are added to
 * its own. Else all at once, which is a tenth of a request cheaper.
 */
function setHead(response: ServerResponse, status: number, rawHeaders: readonly string[]): void {
  if (!Object.hasOwn(response, 'writeHead') && response.getHeaderNames().length === 0) {
    response.writeHead(status, rawHeaders as string[])
    return
  }
  response.statusCode = status
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    if (isRepeated(rawHeaders, i) || isSetCookie(name)) response.appendHeader(name, value)
    else response.setHeader(name, value)
  }
}

function isRepeated(rawHeaders: readonly string[], at: number): boolean {
  const name = rawHeaders[at] ?? ''
  for (let i = 0; i < at; i += 2) {
    const other = rawHeaders[i] ?? ''
    if (other.length === name.length && other.toLowerCase() === name.toLowerCase()) return true
  }
  return false
}

function isSetCookie(name: string): boolean {
  return name.length === 10 && name.toLowerCase() === 'set-cookie'
}
