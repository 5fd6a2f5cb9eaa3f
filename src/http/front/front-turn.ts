import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Body } from '../../lib/body.ts'
import { BOUNDS } from '../../lib/strict-server.ts'
import { sendBody } from '../node-turn.ts'
import type { Answer, AnswerHead, Turn } from '../turn.ts'
import type { Head } from './head.ts'
import { plainAnswer } from './plain-answer.ts'

/** The connection of a request that was read whole. */
export interface Connection {
  readonly socket: Socket
  readonly peer: string
  readonly port: number
  readonly isSecure: boolean
  wallMs(): number
  /** From now on a client that takes nothing of its answer has left. */
  watchReader(): void
  /** The answer is out; `isLast` closes the connection. */
  onAnswered(isLast: boolean): void
}

/** What of `ServerResponse` Node does not document, and has had since its first versions. */
interface Response extends ServerResponse {
  _last?: boolean
  _keepAliveTimeout?: number
}

const NOTHING = Buffer.alloc(0)

const { ServerResponse: NodeResponse } = process.getBuiltinModule('node:http')

/** A request that our own front has read. What is not plain in its answer, node:http writes. */
export class FrontTurn implements Turn {
  readonly #connection: Connection
  readonly #body: Buffer
  readonly #mayKeep: boolean
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  #response: Response | undefined
  #onOver: ((finished: boolean) => void) | undefined
  #state: 'unanswered' | 'answering' | 'ended' | 'over' = 'unanswered'

  constructor(connection: Connection, head: Head, body: Buffer, mayKeep: boolean) {
    this.#connection = connection
    this.#body = body
    this.#mayKeep = mayKeep && !head.isLast
    this.method = head.method
    this.target = head.target
    this.rawHeaders = head.rawHeaders
  }

  get protocol(): string {
    return 'HTTP/1.1'
  }

  get peer(): string {
    return this.#connection.peer
  }

  get port(): number {
    return this.#connection.port
  }

  get isSecure(): boolean {
    return this.#connection.isSecure
  }

  get isUnanswered(): boolean {
    return this.#state === 'unanswered' && this.#connection.socket.writable
  }

  get takesMore(): boolean {
    const isOpen = this.#state === 'unanswered' || this.#state === 'answering'
    return isOpen && this.#connection.socket.writable
  }

  readBody(lengthMax: number, done: (body: Body | undefined) => void): void {
    const { length } = this.#body
    done(length > lengthMax ? { length } : { length, bytes: this.#body })
  }

  send(answer: Answer, isLast: boolean): void {
    const closes = isLast || !this.#mayKeep
    const plain =
      this.method === 'HEAD' ? undefined : plainAnswer(answer, closes, this.#connection.wallMs())
    if (plain === undefined) {
      const response = this.#writeHead(answer, isLast)
      this.#state = 'ended'
      this.#connection.watchReader()
      return sendBody(response, answer.body)
    }
    this.#state = 'ended'
    const { socket } = this.#connection
    if (plain.body === undefined) socket.write(plain.text, 'latin1')
    else {
      socket.cork()
      socket.write(plain.text, 'latin1')
      socket.write(plain.body)
      socket.uncork()
    }
    // Nearly always the kernel takes it at once.
    if (socket.writableLength === 0) return this.#over(closes)
    this.#connection.watchReader()
    socket.write(NOTHING, (error) => {
      if (error === undefined || error === null) this.#over(closes)
    })
  }

  begin(head: AnswerHead, isLast: boolean): void {
    const response = this.#writeHead(head, isLast)
    response.flushHeaders()
    this.#connection.watchReader()
  }

  write(bytes: Uint8Array): boolean {
    return this.#response?.write(Uint8Array.from(bytes)) ?? true
  }

  end(): void {
    this.#state = 'ended'
    this.#response?.end()
  }

  destroy(): void {
    this.#connection.socket.destroy()
  }

  onDrain(resume: () => void): void {
    const { socket } = this.#connection
    const once = (): void => {
      socket.off('drain', once).off('close', once)
      resume()
    }
    socket.on('drain', once).on('close', once)
  }

  onOver(over: (finished: boolean) => void): void {
    this.#onOver = over
  }

  /** The connection is gone. */
  abandon(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#onOver?.(false)
  }

  #over(closes: boolean): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#onOver?.(true)
    this.#connection.onAnswered(closes)
  }

  #writeHead({ status, rawHeaders }: AnswerHead, isLast: boolean): ServerResponse {
    const { socket } = this.#connection
    const request = { method: this.method, httpVersionMajor: 1, httpVersionMinor: 1, headers: {} }
    const response: Response = new NodeResponse(request as IncomingMessage)
    response.shouldKeepAlive = this.#mayKeep && !isLast
    response._keepAliveTimeout = BOUNDS.keepAliveMs
    // Before the socket is given away: it throws for what cannot be sent.
    response.writeHead(status, [...rawHeaders])
    response.assignSocket(socket)
    response.once('finish', () => {
      response.detachSocket(socket)
      this.#over(response._last ?? !response.shouldKeepAlive)
    })
    this.#response = response
    this.#state = 'answering'
    return response
  }
}
