import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AwsKey } from '../auth/aws-keys.ts'
import { readBody } from '../lib/body.ts'
import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import {
  gatewayError,
  type GatewayErrorKind,
  type HttpResponse,
  type StreamHead,
} from '../events/index.ts'
import type { GatewayErrorFacts } from '../events/gateway-errors.ts'
import type { CallerFacts, RouteContext } from '../events/http.ts'
import { outcomeHeaders, overdueHeaders, traceIdOf } from '../invoke/headers.ts'
import type { Caller, Invocation, Invoker, Outcome, ResponseStream } from '../invoke/invocation.ts'
import { retryAfterS, throttleReason } from '../invoke/throttle.ts'
import type { App } from '../model/app.ts'
import { functionArn } from '../model/arn.ts'
import type { Rates } from '../rates/index.ts'
import { bodyBytesMax } from './body-limits.ts'
import type { ClientAddress } from './client-address.ts'
import { askAll, type Arrival, type Guards, type Verdict } from './guard.ts'
import type { GuardsOf } from './guards.ts'
import { toRouteContext } from './route-context.ts'
import type { Router, RouteTarget } from './router.ts'
import { StreamedAnswer } from './streamed-answer.ts'

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
}

/** One request and its response. */
export class Exchange implements Caller, ResponseStream {
  readonly #options: ApiOptions
  readonly #routes: Routes
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #startMs: number
  readonly #requestId: string = randomUUID()
  readonly #traceId: string
  waiting: Caller['waiting']
  begun = false
  left = false
  #handedOver = false
  #target: RouteTarget | undefined
  #arrival: Arrival | undefined
  #caller: CallerFacts | undefined
  #after: Guards['after']
  #outcome: Outcome | undefined
  #streamed: StreamedAnswer | undefined
  #headSent = false

  constructor(
    options: ApiOptions,
    routes: Routes,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#options = options
    this.#routes = routes
    this.#request = request
    this.#response = response
    this.#startMs = options.clock.nowMs()
    const given = request.headers['x-amzn-trace-id']
    this.#traceId = traceIdOf(given, this.#requestId, options.clock.wallMs())
  }

  answer(): void {
    const { method = 'GET', url = '/' } = this.#request
    const query = url.indexOf('?')
    const found = this.#routes.router.match({
      method,
      path: query === -1 ? url : url.slice(0, query),
      query: query === -1 ? '' : url.slice(query + 1),
      host: this.#request.headers.host,
      rawHeaders: this.#request.rawHeaders,
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
    if (this.#response.destroyed) return
    if (verdict !== undefined && 'refusal' in verdict) return this.#send(verdict.refusal)
    this.#caller = verdict?.caller
    this.#read(target, guards)
  }

  #read(target: RouteTarget, { body: guard }: Guards): void {
    readBody(this.#request, bodyBytesMax(target.api.front), (body) => {
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
    const { clock, invoker } = this.#options
    const { route } = target
    this.#handedOver = true
    const timeout = clock.after(route.timeoutMs, () => this.#refuse(target.api.front, 'timeout'))
    this.#response.once('close', () => {
      timeout[Symbol.dispose]()
      this.left = !this.#response.writableFinished
      this.waiting?.cancel()
    })
    void invoker
      .invoke(this.#toInvocation(target, body))
      .then((outcome) => this.#answer(target, outcome))
      .catch((error: unknown) => this.#fail(error, target))
  }

  #toArrival(route: RouteTarget): Arrival {
    const { method = 'GET', url = '/', httpVersion, rawHeaders, socket } = this.#request
    return {
      route,
      method,
      target: url,
      rawHeaders,
      sourceIp: this.#sourceIp(),
      protocol: `HTTP/${httpVersion}`,
      timeEpochMs: this.#options.clock.wallMs(),
      requestId: this.#requestId,
      traceId: this.#traceId,
      port: socket.localPort ?? 0,
    }
  }

  #sourceIp(): string {
    const { headers, socket } = this.#request
    const forwardedFor = headers['x-forwarded-for'] as string | undefined
    return this.#routes.clientAddress(socket.remoteAddress ?? '', forwardedFor)
  }

  #toInvocation(target: RouteTarget, body: Uint8Array): Invocation {
    const { app } = this.#routes
    const { functionName, timeoutMs } = target.route
    assert(this.#arrival !== undefined, 'what has a route has arrived')
    const { route: _, ...arrival } = this.#arrival
    const caller = this.#caller === undefined ? {} : { caller: this.#caller }
    return {
      // A Function URL shows its function's own request id; API Gateway has ids of its own.
      id: target.api.front === 'function-url' ? this.#requestId : randomUUID(),
      functionName,
      payload: {
        kind: 'http',
        request: { ...arrival, body, ...caller },
        route: this.#contextOf(target),
      },
      source: 'http',
      deadlineMs: this.#startMs + timeoutMs,
      invokedArn: functionArn(app.region, app.accountId, functionName),
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
      response: this.#response,
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
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    const { status, rawHeaders } = this.#finished({ ...head, body: '' })
    this.#headSent = true
    if (this.#options.draining()) response.shouldKeepAlive = false
    response.writeHead(status, [...rawHeaders, 'x-spillway-handler-started', '1'])
    // The client is to know at once, however long the first bytes take.
    response.flushHeaders()
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
    if (this.#headSent) this.#tell(this.#response.statusCode)
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

  #ownHeaders(): string[] {
    if (this.#outcome !== undefined) return outcomeHeaders(this.#outcome)
    return this.#handedOver ? overdueHeaders(this) : []
  }

  #send(answer: HttpResponse): void {
    const response = this.#response
    const { status, rawHeaders, body } = this.#finished(answer)
    // The gateway's own wait may have been over first, or the client may be gone.
    if (response.headersSent || response.destroyed) return
    if (this.#options.draining()) response.shouldKeepAlive = false
    response.writeHead(status, [...rawHeaders, ...this.#ownHeaders()])
    endWith(response, body)
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
      method: this.#request.method ?? '',
      target: this.#request.url ?? '',
      status,
      durationMs: this.#options.clock.nowMs() - this.#startMs,
      ...(this.#target === undefined ? {} : { functionName: this.#target.route.functionName }),
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
    })
  }
}

function streamFault(front: RouteContext['front']): GatewayErrorKind {
  return front === 'rest' ? 'undecodable' : 'malformed'
}

function throttleFacts(outcome: Outcome | undefined): Partial<GatewayErrorFacts> {
  if (outcome?.status !== 'throttled') return {}
  const { blocked } = outcome
  return { retryAfterS: retryAfterS(blocked), throttleReason: throttleReason(blocked) }
}

/** Below this, copying a body into one write with its headers is cheaper than a second piece. */
const ONE_WRITE_BYTES_MAX = 16 * 1024

function endWith(response: ServerResponse, body: Uint8Array | string): void {
  if (typeof body === 'string' || body.byteLength > ONE_WRITE_BYTES_MAX) response.end(body)
  else
    response.end(
      Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'),
      'latin1',
    )
}

const KINDS: Readonly<Record<Exclude<Outcome['status'], 'ok' | 'cancelled'>, GatewayErrorKind>> = {
  malformed: 'malformed',
  function_error: 'function-error',
  timeout: 'function-error',
  interrupted: 'function-error',
  throttled: 'throttled',
  platform_error: 'unavailable',
}
