import { fromResult } from '../../events/index.ts'
import type { Streaming } from '../../lib/awslambda.ts'
import { namedError } from '../../lib/named-error.ts'
import { createContext, type CommonContext, type Completion } from './context.ts'
import type { FailureFacts, LambdaHandler } from './options.ts'
import { stream } from './stream.ts'
import type { Timed, Watch } from './watch.ts'
import type { Arrival } from './wrapper.ts'

/** What of a handler is the same for each call. */
export interface Work {
  readonly handler: LambdaHandler
  readonly streaming: Streaming | undefined
  readonly context: CommonContext
  readonly timeoutMs: number
  readonly watch: Watch
  refuse(arrival: Arrival, kind: FailureFacts['kind'], error: unknown): void
}

type AnyHandler = (event: unknown, context: object, callback: Callback) => unknown
type Callback = (error?: unknown, result?: unknown) => void

/** One request in its handler. The first completion wins: a result, an error, or the time. */
export class Call implements Completion, Timed {
  readonly #work: Work
  readonly #arrival: Arrival
  slot = 0
  untilTick = 0
  #over = false

  constructor(work: Work, arrival: Arrival) {
    this.#work = work
    this.#arrival = arrival
  }

  begin(event: unknown): void {
    const { handler, streaming, watch, timeoutMs, context: common } = this.#work
    const { requestId, timeEpochMs } = this.#arrival.request
    const context = createContext(common, requestId, timeEpochMs + timeoutMs, this)
    watch.add(this)
    try {
      if (streaming !== undefined) return this.#stream(event, context, streaming)
      const returned = (handler as AnyHandler)(event, context, (error, result) => {
        if (error === undefined || error === null) this.answer(result)
        else this.fail(error)
      })
      if (isPromise(returned)) {
        returned.then(
          (result) => this.answer(result),
          (error: unknown) => this.fail(error),
        )
      } else if (returned !== undefined && handler.length < CALLBACK_HANDLER) this.answer(returned)
    } catch (error) {
      this.fail(error)
    }
  }

  answer(result: unknown): void {
    if (!this.#end()) return
    const { request, mount, reply } = this.#arrival
    try {
      const translated = fromResult(result, request, mount.route)
      if (translated.ok) reply.send(translated.response)
      else this.#refuse('malformed', new Error(translated.reason))
    } catch (error) {
      // No JSON, or not what the framework will send.
      this.#refuse('malformed', error)
    }
  }

  fail(error: unknown): void {
    if (this.#end()) this.#refuse('function-error', error)
  }

  onTimeout(): void {
    if (!this.#end()) return
    const seconds = (this.#work.timeoutMs / 1000).toFixed(2)
    const error = namedError('Sandbox.Timedout', `Task timed out after ${seconds} seconds`)
    this.#refuse('timeout', error)
  }

  #stream(event: unknown, context: object, { highWaterMark }: Streaming): void {
    const { request, mount, reply } = this.#arrival
    stream(this.#work.handler, [event, context], {
      highWaterMark,
      request,
      route: mount.route,
      reply,
      onDone: () => {
        if (this.#end()) reply.end()
      },
      onFailed: (kind, error) => {
        if (this.#end()) this.#refuse(kind, error)
      },
    })
  }

  #refuse(kind: FailureFacts['kind'], error: unknown): void {
    this.#work.refuse(this.#arrival, kind, error)
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#work.watch.remove(this)
    return true
  }
}

/** Such a one answers by its third parameter, whatever else it returns. */
const CALLBACK_HANDLER = 3

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
