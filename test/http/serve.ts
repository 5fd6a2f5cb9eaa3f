import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http'
import type { TestContext } from 'node:test'
import { createApi, type ApiOptions, type RequestFacts } from '../../src/http/api.ts'
import type { Invocation, Outcome } from '../../src/invoke/invocation.ts'
import { listen } from '../../src/lib/listen.ts'
import { virtualClock, type VirtualClock } from '../../src/lib/clock.ts'
import type { App, HttpApi, HttpRoute } from '../../src/model/app.ts'
import { createRates } from '../../src/rates/index.ts'
import type { ListenerRule } from '../../src/model/front-rules.ts'
import { appOf } from '../aws/serve.ts'

const TIMEOUT_MS = 29_000

/** An API of these routes, `POST /lead/{id}` or `$default`, all to one function. */
export function apiOf(
  front: HttpApi['front'],
  routes: readonly string[],
  more: Partial<HttpApi> & { readonly route?: Partial<HttpRoute> } = {},
): HttpApi {
  const { route, ...api } = more
  return {
    id: `${front.slice(0, 4)}000000`,
    service: 'shop',
    front,
    stage: front === 'rest' ? 'dev' : '$default',
    payload: front === 'rest' ? '1.0' : '2.0',
    binaryMediaTypes: [],
    stageVariables: {},
    apiKeys: [],
    ...api,
    routes: routes.map((key) => {
      const [method = 'ANY', path = ''] = key === '$default' ? ['ANY', key] : key.split(' ')
      const place = { file: 'serverless.yml', line: 1, column: 1 }
      const own = { method, path, functionName: 'effect', timeoutMs: TIMEOUT_MS }
      return { ...own, apiKeyRequired: false, place, ...route }
    }),
  }
}

/** A rule without conditions, but for what the test says. */
export function ruleOf(changes: Partial<ListenerRule> = {}): ListenerRule {
  const none = { hosts: [], paths: [], methods: [], sourceIps: [], headers: [], queries: [] }
  return { listener: 'L', priority: 1, ...none, ...changes }
}

/** An answer as it came, its headers in order and as they were written. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly text: string
}

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** The API listener on a socket; one connection serves all that is sent. */
export interface ServedApi {
  readonly clock: VirtualClock
  readonly facts: RequestFacts[]
  readonly errors: unknown[]
  /** Serves these APIs from now on. */
  configure(apis: readonly HttpApi[]): void
  readonly port: number
  /** Moves time on by more than a connection is kept for. */
  letPass(ms: number): void
  /** How many connections there have been. */
  connections(): number
  send(path: string, sent?: Sent): Promise<Answer>
  /** Sends, and leaves the answer to whoever wants to leave before it. */
  start(path: string, sent?: Sent): ClientRequest
}

let isReadByNode = false

/** From now on node:http reads what comes; before, our own front does, and node:http what that hands over. */
export function readByNode(): void {
  isReadByNode = true
}

type Invoke = (invocation: Invocation) => Promise<Outcome> | Outcome

/** Opens the listener in front of an invoker that answers as it is told. */
export async function serveApi(
  t: TestContext,
  given: {
    readonly apis: readonly HttpApi[]
    readonly invoke: Invoke
    readonly app?: Partial<App>
    readonly options?: Partial<ApiOptions>
  },
): Promise<ServedApi> {
  const clock = virtualClock(Date.UTC(2026, 10, 24))
  const facts: RequestFacts[] = []
  const errors: unknown[] = []
  const api = createApi({
    invoker: { invoke: async (invocation) => await given.invoke(invocation) },
    clock,
    rates: createRates({ clock, onNote: () => {} }),
    draining: () => false,
    onRequest: (each) => facts.push(each),
    onError: (error) => errors.push(error),
    ...given.options,
  })
  const configure = (apis: readonly HttpApi[]): void =>
    api.configure({ ...appOf([{ name: 'effect' }]), apis, ...given.app })
  configure(given.apis)
  const listening = await listen({}, api.handle, isReadByNode ? undefined : api.front)
  let connections = 0
  listening.server.on('connection', () => connections++)
  const port = Number(new URL(listening.url).port)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(async () => {
    agent.destroy()
    await listening.close(0)
  })
  const start = (path: string, { method = 'GET', headers = {}, body }: Sent = {}): ClientRequest =>
    request({ port, host: '127.0.0.1', path, method, headers, agent }).end(body)
  return {
    clock,
    facts,
    errors,
    configure,
    port,
    letPass(ms) {
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy()
      clock.advance(ms)
    },
    connections: () => connections,
    start,
    send: (path, sent) => answerOf(start(path, sent)),
  }
}

/** @throws {Error} when the connection ends first. */
export async function answerOf(out: ClientRequest): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  out.once('response', resolve).once('error', reject)
  const response = await promise
  const text = Buffer.concat((await response.toArray()) as Buffer[]).toString('latin1')
  const { statusCode = 0, headers, rawHeaders } = response
  return { status: statusCode, headers, rawHeaders, text }
}
