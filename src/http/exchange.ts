import { randomUUID } from 'node:crypto'
import type { AwsKey } from '../auth/aws-keys.ts'
import type { Clock } from '../lib/clock.ts'
import type { Deadlines, Timed } from '../lib/deadlines.ts'
import { assert } from '../lib/errors.ts'
import {
  gatewayError,
  type GatewayErrorKind,
  type HttpResponse,
  type StreamHead,
} from '../events/index.ts'
import type { GatewayErrorFacts } from '../events/gateway-errors.ts'
import type { CallerFacts, HttpRequest, RouteContext } from '../events/http.ts'
import { outcomeHeaders, overdueHeaders, traceIdOf } from '../invoke/headers.ts'
import type { Caller, Invocation, Invoker, Outcome, ResponseStream } from '../invoke/invocation.ts'
import { retryAfterS, throttleReason } from '../invoke/throttle.ts'
import type { App } from '../model/app.ts'
import type { Rates } from '../rates/index.ts'
import { bodyBytesMax } from './body-limits.ts'
import type { ClientAddress } from './client-address.ts'
import { askAll, type Arrival, type Guards, type Verdict } from './guard.ts'
import type { GuardsOf } from './guards.ts'
import { headerOf } from './header.ts'
import { toRouteContext } from './route-context.ts'
import type { Router, RouteTarget } from './router.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import type { Turn } from './turn.ts'

export interface ApiOptions {
  readonly invoker: Invoker
  readonly clock: Clock
  readonly rates: Rates
  /** While this is true, replies close their connection, so that clients go elsewhere. */
  readonly draining: () => boolean
  /** A bug of ours met by a request, which is answered with a 503. */
  readonly onError?: (error: unknown) => void
  readonly onRequest?: (facts: RequestFacts) => void
  /** Who may sign requests (IAM). Default: nobody. */
  readonly awsKeys?: readonly AwsKey[]
  /** Told in a sentence when an authorizer does not work. */
  readonly onTrouble?: (sentence: string) => void
}

/** What `dev` prints of a request. */
export interface RequestFacts {
  readonly method: string
  readonly target: string
  readonly status: number
  readonly durationMs: number
  readonly functionName?: string
  readonly outcome?: Outcome
}

/** What follows from an App alone, worked out once. */
export interface Routes {
  readonly app: App
  readonly router: Router
  readonly clientAddress: ClientAddress
  readonly contexts: Map<RouteTarget, RouteContext>
  readonly guards: GuardsOf
  readonly arnOf: (functionName: string) => string
}

/** What all exchanges of a listener share. */
export interface Shared extends ApiOptions {
  /** Of those that wait for a function. */
  readonly deadlines: Deadlines
}

/** One request and its response. */
export class Exchange implements Caller, ResponseStream, Timed {
  readonly #options: Shared
  readonly #routes: Routes
  readonly #turn: Turn
  readonly #startMs: number
  readonly #requestId: string = randomUUID()
  readonly #traceId: string
  waiting: Caller['waiting']
  begun = false
  left: boolean = false
  dueMs: number = Infinity
  slot: number = -1
  #handedOver = false
  #target: RouteTarget | undefined
  #arrival: Arrival | undefined
  #caller: CallerFacts | undefined
  #after: Guards['after']
  #outcome: Outcome | undefined
  #streamed: StreamedAnswer | undefined
  /** Of a response whose head is out and whose body follows. */
  #sentStatus: number | undefined

  constructor(options: Shared, routes: Routes, turn: Turn) {
    this.#options = options
    this.#routes = routes
    this.#turn = turn
    this.#startMs = options.clock.nowMs()
    const given = headerOf(turn.rawHeaders, 'x-amzn-trace-id')
    this.#traceId = traceIdOf(given, this.#requestId, options.clock.wallMs())
  }

  answer(): void {
    const { method, target, rawHeaders } = this.#turn
    const query = target.indexOf('?')
    const found = this.#routes.router.match({
      method,
      path: query === -1 ? target : target.slice(0, query),
      query: query === -1 ? '' : target.slice(query + 1),
      host: headerOf(rawHeaders, 'host'),
      rawHeaders,
      sourceIp: () => this.#sourceIp(),
    })
    if ('miss' in found) return this.#refuse(found.miss, 'not-found')
    this.#target = found
    const guards = this.#routes.guards(found)
    this.#arrival = this.#toArrival(found)
    this.#after = guards.after
    if (guards.before.length === 0) return this.#read(found, guards)
    const failed = (error: unknown): void => this.#fail(error, found)
    askAll(guards.before, this.#arrival, (verdict) => this.#admit(verdict, guards), failed)
  }

  #admit(verdict: Verdict | undefined, guards: Guards): void {
    const target = this.#target
    assert(target !== undefined, 'only what has a route is guarded')
    // Who has left while somebody was asked is not served.
    if (!this.#turn.isUnanswered) return
    if (verdict !== undefined && 'refusal' in verdict) return this.#send(verdict.refusal)
    this.#caller = verdict?.caller
    this.#read(target, guards)
  }

  #read(target: RouteTarget, { body: guard }: Guards): void {
    this.#turn.readBody(bodyBytesMax(target.api.front), (body) => {
      if (body === undefined) return
      if (body.bytes === undefined) return this.#refuse(target.api.front, 'too-large', body.length)
      const refusal = this.#arrival && guard?.(this.#arrival, body.bytes)
      if (refusal !== undefined) return this.#send(refusal)
      this.#invoke(target, body.bytes)
    })
  }

  #fail(error: unknown, { api }: RouteTarget): void {
    this.#options.onError?.(error)
    this.#refuse(api.front, 'unavailable')
  }

  #invoke(target: RouteTarget, body: Uint8Array): void {
    const { clock, deadlines, invoker } = this.#options
    this.#handedOver = true
    this.dueMs = clock.nowMs() + target.route.timeoutMs
    deadlines.add(this)
    this.#turn.onOver((finished) => {
      deadlines.remove(this)
      this.left = !finished
      this.waiting?.cancel()
    })
    void invoker.invoke(this.#toInvocation(target, body)).then(
      (outcome) => this.#tryAnswer(target, outcome),
      (error: unknown) => this.#fail(error, target),
    )
  }

  /** The gateway has waited long enough; the function goes on. */
  onDue(): void {
    if (this.#target !== undefined) this.#refuse(this.#target.api.front, 'timeout')
  }

  #tryAnswer(target: RouteTarget, outcome: Outcome): void {
    try {
      this.#answer(target, outcome)
    } catch (error) {
      this.#fail(error, target)
    }
  }

  #toArrival(route: RouteTarget): Arrival {
    const { method, target, rawHeaders, protocol, port, isSecure } = this.#turn
    return {
      route,
      method,
      target,
      // The client may not say otherwise: of several the last one counts.
      rawHeaders: isSecure ? [...rawHeaders, 'X-Forwarded-Proto', 'https'] : rawHeaders,
      sourceIp: this.#sourceIp(),
      protocol,
      timeEpochMs: this.#options.clock.wallMs(),
      requestId: this.#requestId,
      traceId: this.#traceId,
      port,
    }
  }

  #sourceIp(): string {
    return this.#routes.clientAddress(this.#turn.peer, this.#turn.rawHeaders)
  }

  #toInvocation(target: RouteTarget, body: Uint8Array): Invocation {
    const { functionName, timeoutMs } = target.route
    const arrival = this.#arrival
    assert(arrival !== undefined, 'what has a route has arrived')
    return {
      // A Function URL shows its function's own request id; API Gateway has ids of its own.
      id: target.api.front === 'function-url' ? this.#requestId : randomUUID(),
      functionName,
      payload: {
        kind: 'http',
        request: toRequest(arrival, body, this.#caller),
        route: this.#contextOf(target),
      },
      source: 'http',
      deadlineMs: this.#startMs + timeoutMs,
      invokedArn: this.#routes.arnOf(functionName),
      traceId: this.#traceId,
      caller: this,
      stream: this,
    }
  }

  /** The handler streams its response. */
  start(contentType: string): void {
    const target = this.#target
    assert(target !== undefined, 'only what has a route is run')
    const { front } = target.api
    const route = this.#contextOf(target)
    this.#streamed = new StreamedAnswer({
      turn: this.#turn,
      request: { requestId: this.#requestId, traceId: this.#traceId },
      route,
      begin: (head) => this.#begin(head),
      respond: (response) => this.#send(response),
      // Where REST streams it says 500, as AWS documents; else what it says of any malformed answer.
      refuse: () => this.#refuse(front, route.streams === true ? streamFault(front) : 'malformed'),
    })
    this.#streamed.start(contentType)
  }

  write(bytes: Uint8Array): boolean {
    return this.#streamed?.write(bytes) ?? true
  }

  onDrain(resume: () => void): void {
    this.#streamed?.onDrain(resume)
  }

  #begin(head: StreamHead): void {
    if (!this.#turn.isUnanswered) return
    const { status, rawHeaders } = this.#finished({ ...head, body: '' })
    this.#sentStatus = status
    const headers = [...rawHeaders, 'x-spillway-handler-started', '1']
    this.#turn.begin({ status, rawHeaders: headers }, this.#options.draining())
  }

  /** One object a route: the environments know a route by its identity. */
  #contextOf(target: RouteTarget): RouteContext {
    const { contexts, app } = this.#routes
    const known = contexts.get(target)
    if (known !== undefined) return known
    const context = toRouteContext(app.accountId, target, app.region)
    contexts.set(target, context)
    return context
  }

  #answer({ api }: RouteTarget, outcome: Outcome): void {
    this.#outcome = outcome
    if (this.#streamed !== undefined) return this.#endStreamed(this.#streamed, api.front, outcome)
    if (outcome.status === 'ok') {
      assert(outcome.result.kind === 'http', 'an HTTP request is answered with a response')
      return this.#sendResult(api.front, outcome.result.response)
    }
    if (outcome.status !== 'cancelled') this.#refuse(api.front, KINDS[outcome.status])
  }

  #endStreamed(streamed: StreamedAnswer, front: RouteContext['front'], outcome: Outcome): void {
    if (outcome.status === 'ok') streamed.end()
    else if (!streamed.breakOff() && outcome.status !== 'cancelled') {
      this.#refuse(front, KINDS[outcome.status])
    }
    if (this.#sentStatus !== undefined) this.#tell(this.#sentStatus)
  }

  /** It was made in the function's own process: what cannot be sent is the function's mistake. */
  #sendResult(front: RouteContext['front'], response: HttpResponse): void {
    try {
      this.#send(response)
    } catch {
      this.#refuse(front, 'malformed')
    }
  }

  #refuse(front: RouteContext['front'], kind: GatewayErrorKind, payloadBytes = 0): void {
    const facts = { requestId: this.#requestId, traceId: this.#traceId, payloadBytes }
    this.#send(gatewayError(front, kind, { ...facts, ...throttleFacts(this.#outcome) }))
  }

  #ownHeaders(): readonly string[] {
    if (this.#outcome !== undefined) return outcomeHeaders(this.#outcome)
    return this.#handedOver ? overdueHeaders(this) : []
  }

  #send(answer: HttpResponse): void {
    const { status, rawHeaders, body } = this.#finished(answer)
    // The gateway's own wait may have been over first, or the client may be gone.
    if (!this.#turn.isUnanswered) return
    const headers = rawHeaders.concat(this.#ownHeaders())
    this.#turn.send({ status, rawHeaders: headers, body }, this.#options.draining())
    this.#tell(status)
  }

  #finished(answer: HttpResponse): HttpResponse {
    const after = this.#after
    return after === undefined || this.#arrival === undefined
      ? answer
      : after(this.#arrival, answer)
  }

  #tell(status: number): void {
    this.#options.onRequest?.({
      method: this.#turn.method,
      target: this.#turn.target,
      status,
      durationMs: this.#options.clock.nowMs() - this.#startMs,
      ...(this.#target === undefined ? {} : { functionName: this.#target.route.functionName }),
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
    })
  }
}

/** Written out: a spread costs several times as much, and this is done for every request. */
function toRequest(
  arrival: Arrival,
  body: Uint8Array,
  caller: CallerFacts | undefined,
): HttpRequest {
  const request = {
    method: arrival.method,
    target: arrival.target,
    rawHeaders: arrival.rawHeaders,
    body,
    sourceIp: arrival.sourceIp,
    protocol: arrival.protocol,
    timeEpochMs: arrival.timeEpochMs,
    requestId: arrival.requestId,
    traceId: arrival.traceId,
    port: arrival.port,
  }
  return caller === undefined ? request : { ...request, caller }
}

function streamFault(front: RouteContext['front']): GatewayErrorKind {
  return front === 'rest' ? 'undecodable' : 'malformed'
}

function throttleFacts(outcome: Outcome | undefined): Partial<GatewayErrorFacts> {
  if (outcome?.status !== 'throttled') return {}
  const { blocked } = outcome
  return { retryAfterS: retryAfterS(blocked), throttleReason: throttleReason(blocked) }
}

const KINDS: Readonly<Record<Exclude<Outcome['status'], 'ok' | 'cancelled'>, GatewayErrorKind>> = {
  malformed: 'malformed',
  function_error: 'function-error',
  timeout: 'function-error',
  interrupted: 'function-error',
  throttled: 'throttled',
  platform_error: 'unavailable',
}
