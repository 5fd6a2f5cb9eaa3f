import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody, type Body } from '../lib/body.ts'
import { onceDrained } from '../lib/drained.ts'
import type { Answer, AnswerHead, Turn } from './turn.ts'

/** A request that node:http has read. */
export function nodeTurn(request: IncomingMessage, response: ServerResponse): Turn {
  return new NodeTurn(request, response)
}

class NodeTurn implements Turn {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly protocol: string
  readonly peer: string
  readonly port: number
  readonly isSecure: boolean

  constructor(request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET', url = '/', rawHeaders, httpVersion, socket } = request
    this.#request = request
    this.#response = response
    this.method = method
    this.target = url
    this.rawHeaders = rawHeaders
    this.protocol = `HTTP/${httpVersion}`
    this.peer = socket.remoteAddress ?? ''
    this.port = socket.localPort ?? 0
    this.isSecure = 'encrypted' in socket
  }

  get isUnanswered(): boolean {
    return !this.#response.headersSent && !this.#response.destroyed
  }

  get takesMore(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded
  }

  readBody(lengthMax: number, done: (body: Body | undefined) => void): void {
    readBody(this.#request, lengthMax, done)
  }

  send(answer: Answer, isLast: boolean): void {
    this.#writeHead(answer, isLast)
    sendBody(this.#response, answer.body)
  }

  begin(head: AnswerHead, isLast: boolean): void {
    this.#writeHead(head, isLast)
    // The client is to know at once, however long the first bytes take.
    this.#response.flushHeaders()
  }

  write(bytes: Uint8Array): boolean {
    return this.#response.write(Uint8Array.from(bytes))
  }

  end(): void {
    this.#response.end()
  }

  destroy(): void {
    this.#response.destroy()
  }

  onDrain(resume: () => void): void {
    onceDrained(this.#response, resume)
  }

  onOver(over: (finished: boolean) => void): void {
    this.#response.once('close', () => over(this.#response.writableFinished))
  }

  #writeHead({ status, rawHeaders }: AnswerHead, isLast: boolean): void {
    if (isLast) this.#response.shouldKeepAlive = false
    this.#response.writeHead(status, [...rawHeaders])
  }
}

/** Below this, copying a body into one write with its headers is cheaper than a second piece. */
const ONE_WRITE_BYTES_MAX = 16 * 1024

/** Ends an answer whose head is written. */
export function sendBody(response: ServerResponse, body: Uint8Array | string): void {
  if (typeof body === 'string' || body.byteLength > ONE_WRITE_BYTES_MAX) response.end(body)
  else {
    const { buffer, byteOffset, byteLength } = body
    response.end(Buffer.from(buffer, byteOffset, byteLength).toString('latin1'), 'latin1')
  }
}
