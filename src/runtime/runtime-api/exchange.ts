import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../lib/clock.ts'
import type { ChannelEvents } from '../channel.ts'
import { eventJson, resultOf } from '../translate.ts'
import type { Measured, Work, WorkEnd } from '../work.ts'
import { callOf } from './calls.ts'
import type { Connection } from './connection.ts'
import { errorJsonOf, tooLargeJson, trailingErrorOf, truncatedJson } from './errors.ts'
import { headersOf } from './headers.ts'
import { Outstanding } from './outstanding.ts'
import * as replies from './replies.ts'
import { readStream, readWhole, type Upload } from './uploads.ts'

export interface ExchangeOptions {
  readonly clock: Clock
  readonly timeoutMs: number
  /** How many invocations the runtime may have at the same time. */
  readonly concurrency: number
  readonly ownPort: number
  readonly peakMemoryMb: () => number
  /** Whether the process runs no more code. */
  readonly isEnding: () => boolean
  readonly events: Omit<ChannelEvents, 'onLog' | 'onGone' | 'onLeaving'>
  /** An invocation was on its way and its connection broke, with the process alive: what it will do now is unknown. */
  readonly onBroken: () => void
}

interface Poll {
  readonly connection: Connection
  readonly response: ServerResponse
}

interface Queued {
  readonly work: Work
  readonly seq: number
}

const ERROR_TYPE = 'lambda-runtime-function-error-type'
const MODE = 'lambda-runtime-function-response-mode'
/** The last that were answered, so that a second answer is told from one that nobody asked for. */
const ANSWERED_MAX = 64
const INIT_ERROR_BYTES_MAX = 2 ** 18

/** The talk with one runtime: who polls, what it has been given, and what it answers. */
export class Exchange {
  readonly #options: ExchangeOptions
  readonly #polls: Poll[] = []
  readonly #queue: Queued[] = []
  readonly #outstanding = new Map<string, Outstanding>()
  readonly #answered: string[] = []
  #state: 'starting' | 'ready' | 'failed' = 'starting'

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  /** There is a poll that the next invocation would answer. */
  get isReceptive(): boolean {
    return this.#polls.length > this.#queue.length
  }

  get isBacklogged(): boolean {
    return [...this.#outstanding.values()].some(({ isUnflushed }) => isUnflushed)
  }

  find(seq: number): Outstanding | undefined {
    // Few: as many as the environment runs at once.
    for (const each of this.#outstanding.values()) if (each.seq === seq) return each
    return undefined
  }

  isQueued(seq: number): boolean {
    return this.#queue.some((queued) => queued.seq === seq)
  }

  deliver(work: Work, seq: number): void {
    this.#queue.push({ work, seq })
    this.#answerPolls()
  }

  /** Gives up what no poll has been answered with. */
  revokeThrough(seq: number): number[] {
    const revoked = this.#queue.filter((queued) => queued.seq <= seq).map((queued) => queued.seq)
    this.#queue.splice(0, revoked.length)
    return revoked
  }

  onRequest(connection: Connection, request: IncomingMessage, response: ServerResponse): void {
    // Whoever asks on has read what came before.
    for (const each of this.#outstanding.values()) if (each.cameOn(connection)) each.begin()
    const call = callOf(request.method ?? '', request.url ?? '')
    switch (call.kind) {
      case 'next':
        request.resume()
        return this.#onNext({ connection, response })
      case 'response':
        return this.#onAnswer(call.id, request, response)
      case 'error':
        return this.#onError(call.id, request, response)
      case 'initError':
        return this.#onInitError(request, response)
      case 'refused':
        return replies.send(response, replies.notServed(call.status, call.why))
    }
  }

  /** All that was said on it has been heard. */
  onClosed(connection: Connection): void {
    const lost = [...this.#outstanding.values()].filter((each) => each.cameOn(connection))
    for (const each of lost) {
      if (connection.fate() === 'read') each.begin()
      // Alive, it may yet do something with the part that it has seen.
      else if (!each.isBegun && !this.#options.isEnding()) {
        each.begin()
        this.#options.onBroken()
      }
    }
  }

  /** What is still not known to be unread counts as begun. */
  settle(connections: Iterable<Connection>): void {
    for (const connection of connections) {
      for (const each of this.#outstanding.values()) if (each.cameOn(connection)) each.begin()
    }
  }

  #onNext(poll: Poll): void {
    const { response } = poll
    if (this.#state === 'failed') {
      return replies.send(response, replies.wrongState('InitError', 'Ready'))
    }
    if (this.#polls.length + this.#outstanding.size >= this.#options.concurrency) {
      const from = this.#outstanding.size > 0 ? 'Running' : 'Ready'
      return replies.send(response, replies.wrongState(from, 'Ready'))
    }
    this.#polls.push(poll)
    response.once('close', () => {
      const at = this.#polls.indexOf(poll)
      if (at !== -1) this.#polls.splice(at, 1)
    })
    if (this.#state === 'starting') {
      this.#state = 'ready'
      this.#options.events.onReady(this.#options.peakMemoryMb())
    }
    this.#answerPolls()
    if (this.isReceptive) this.#options.events.onReceptive()
  }

  #answerPolls(): void {
    while (this.#queue.length > 0) {
      const poll = this.#polls.shift()
      if (poll === undefined) return
      // Its client is gone, and its end is not heard yet.
      if (poll.connection.socket.destroyed || poll.response.destroyed) continue
      const queued = this.#queue.shift()
      if (queued !== undefined) this.#give(queued, poll)
    }
  }

  #give(queued: Queued, { connection, response }: Poll): void {
    const { clock, timeoutMs, ownPort } = this.#options
    const { work } = queued
    const headers = headersOf(work, clock.wallMs() + timeoutMs)
    const isTold = connection.deliver(response, headers, Buffer.from(eventJson(work.payload)))
    const way = { connection, ownPort, isTold }
    this.#outstanding.set(work.id, new Outstanding(queued, clock.nowMs(), way))
  }

  #onAnswer(id: string, request: IncomingMessage, response: ServerResponse): void {
    const outstanding = this.#toAnswer(id, 'InvocationResponse', response)
    if (outstanding === undefined) return
    const mode = request.headers[MODE] ?? 'buffered'
    if (mode === 'streaming') return this.#onStreamed(outstanding, request, response)
    if (mode !== 'buffered') return replies.send(response, replies.INVALID_RESPONSE_MODE)
    this.#collect(outstanding, request, response, (body) =>
      resultOf(outstanding.work.payload, body),
    )
  }

  #onError(id: string, request: IncomingMessage, response: ServerResponse): void {
    const outstanding = this.#toAnswer(id, 'InvocationErrorResponse', response)
    if (outstanding === undefined) return
    const type = request.headers[ERROR_TYPE]
    this.#collect(outstanding, request, response, (body) => ({
      kind: 'error',
      error: errorJsonOf(body, typeof type === 'string' ? type : undefined),
    }))
  }

  #toAnswer(id: string, to: string, response: ServerResponse): Outstanding | undefined {
    const outstanding = this.#outstanding.get(id)
    if (outstanding === undefined) {
      const isSecond = this.#answered.includes(id)
      const reply = isSecond
        ? replies.wrongState('InvocationResponse', to)
        : replies.INVALID_REQUEST_ID
      replies.send(response, reply)
      return undefined
    }
    outstanding.begin()
    if (outstanding.answer === undefined) return outstanding
    replies.send(response, replies.wrongState('InvocationResponse', to))
    return undefined
  }

  #collect(
    outstanding: Outstanding,
    request: IncomingMessage,
    response: ServerResponse,
    toEnd: (body: Buffer) => Answered,
  ): void {
    outstanding.answer = request
    readWhole(request, replies.RESPONSE_BYTES_MAX, (upload: Upload) => {
      // It may be sent once more; if its sender has died, that is what ends the invocation.
      if (upload.kind === 'cut off') {
        outstanding.answer = undefined
        return
      }
      const isWhole = upload.kind === 'whole'
      const end = isWhole ? toEnd(upload.body) : TOO_LARGE
      this.#finish(outstanding, end, () =>
        replies.send(response, isWhole ? replies.ACCEPTED : replies.TOO_LARGE),
      )
    })
  }

  #onStreamed(outstanding: Outstanding, request: IncomingMessage, response: ServerResponse): void {
    const { events, isEnding } = this.#options
    const { seq } = outstanding
    outstanding.answer = request
    events.onStream(seq, request.headers['content-type'] ?? 'application/octet-stream')
    readStream(request, {
      onChunk: (bytes) => events.onChunk(seq, bytes),
      onEnd: (end) => {
        // What was cut off by the end of the process is told with that.
        if (end === undefined && isEnding()) return
        const error = end === undefined ? truncatedJson() : trailingErrorOf(end.error)
        const how = error === undefined ? {} : { error }
        this.#finish(outstanding, { kind: 'streamed', ...how }, () =>
          replies.send(response, replies.ACCEPTED),
        )
      },
    })
  }

  #onInitError(request: IncomingMessage, response: ServerResponse): void {
    if (this.#state !== 'starting') {
      return replies.send(response, replies.wrongState('Ready', 'InitError'))
    }
    this.#state = 'failed'
    const type = request.headers[ERROR_TYPE]
    readWhole(request, INIT_ERROR_BYTES_MAX, (upload) => {
      replies.send(response, upload.kind === 'too large' ? replies.TOO_LARGE : replies.ACCEPTED)
      const body = upload.kind === 'whole' ? upload.body : Buffer.alloc(0)
      const header = typeof type === 'string' ? type : undefined
      this.#options.events.onInitError(errorJsonOf(body, header))
    })
  }

  /** What was written to stdout before the answer is read before it is passed on. */
  #finish({ work, seq, sinceMs }: Outstanding, end: Answered, reply: () => void): void {
    const { clock, events, peakMemoryMb } = this.#options
    const durationMs = clock.nowMs() - sinceMs
    setImmediate(() => {
      this.#outstanding.delete(work.id)
      if (this.#answered.push(work.id) > ANSWERED_MAX) this.#answered.shift()
      reply()
      events.onEnd(seq, { ...end, durationMs, maxMemoryUsedMb: peakMemoryMb() })
    })
  }
}

/** How the runtime says that an invocation ended. */
type Answered = OmitMeasure<
  Extract<WorkEnd, { kind: 'result' | 'malformed' | 'error' | 'streamed' }>
>
type OmitMeasure<T> = T extends Measured ? Omit<T, keyof Measured> : never

const TOO_LARGE: Answered = { kind: 'error', error: tooLargeJson() }
