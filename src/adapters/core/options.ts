import type { RouteContext } from '../../events/index.ts'

/** A Lambda handler of any kind: async, with a callback, or streaming. */
export type LambdaHandler = (event: never, context: never, callback: never) => unknown

/** What a failed request was, for `onError`. */
export interface FailureFacts {
  /** `function-error`: the handler threw or rejected; `malformed`: it answered what cannot be sent. */
  readonly kind: 'function-error' | 'malformed' | 'undecodable' | 'timeout' | 'too-large'
  readonly requestId: string
  readonly method: string
  readonly target: string
}

export interface LambdaOptions<Request> {
  /**
   * Whose event the handler receives and whose answer the client: of a REST API, an HTTP API, a
   * Function URL or a load balancer. Default: `rest` with payload 1.0, `httpapi` with 2.0.
   */
  readonly front?: RouteContext['front']
  /** Default: what `front` has; `1.0` without either. */
  readonly payload?: '1.0' | '2.0'
  /** Default: `$default`; on a REST API `dev`. */
  readonly stage?: string
  readonly stageVariables?: Readonly<Record<string, string>>
  /** Of a REST API: which bodies are base64, both ways, as on AWS. Default: none. */
  readonly binaryMediaTypes?: readonly string[]
  /** Of a load balancer: headers and query are lists of values. Default: false. */
  readonly multiValueHeaders?: boolean
  /** `context.functionName` and what follows from it. Default: the handler's own name. */
  readonly functionName?: string
  /**
   * After so many milliseconds the client gets the front end's own answer (504 of a REST API, 503 of
   * an HTTP API), and `getRemainingTimeInMillis` is 0. The handler goes on. Default: what the front
   * end waits: 29 s, 30 s, 15 min.
   */
  readonly timeoutMs?: number
  /** What has been found out of the caller: `requestContext.authorizer`. */
  readonly authorizer?: (request: Request) => Readonly<Record<string, unknown>> | undefined
  /** Called with each error behind an answer that is not the handler's. Default: `console.error`. */
  readonly onError?: (error: unknown, facts: FailureFacts) => void
}

/** Options with their defaults. */
export interface Settings<Request> extends Omit<LambdaOptions<Request>, 'payload' | 'front'> {
  readonly front: RouteContext['front']
  readonly payload: '1.0' | '2.0'
  readonly stage: string
  readonly functionName: string
  readonly timeoutMs: number
  readonly bodyBytesMax: number
  readonly onError: (error: unknown, facts: FailureFacts) => void
}

/**
 * Fills in the defaults.
 * @throws {TypeError} for what no front end has: payload 2.0 on a REST API, no time at all.
 */
export function toSettings<Request>(
  handler: LambdaHandler,
  options: LambdaOptions<Request>,
): Settings<Request> {
  if (typeof handler !== 'function') {
    throw new TypeError(`expected a Lambda handler, a function; got: ${typeof handler}`)
  }
  const front = options.front ?? (options.payload === '2.0' ? 'httpapi' : 'rest')
  const own = FRONTS[front]
  if (own === undefined) throw new TypeError(`front: expected ${NAMES}, got: ${front}`)
  const payload = options.payload ?? own.payloads[0]
  if (!own.payloads.includes(payload)) {
    throw new TypeError(`payload: ${front} has ${own.payloads.join(' and ')}, not ${payload}`)
  }
  const timeoutMs = options.timeoutMs ?? own.timeoutMs
  if (!(timeoutMs > 0)) {
    throw new TypeError(`timeoutMs: expected a number above 0, got: ${timeoutMs}`)
  }
  return {
    ...options,
    front,
    payload,
    timeoutMs,
    stage: options.stage ?? (front === 'rest' ? 'dev' : '$default'),
    functionName: options.functionName ?? (handler.name || 'handler'),
    bodyBytesMax: own.bodyBytesMax,
    onError: options.onError ?? print,
  }
}

interface Front {
  readonly payloads: readonly ['1.0' | '2.0', ...('1.0' | '2.0')[]]
  readonly timeoutMs: number
  readonly bodyBytesMax: number
}

const MIB = 1024 * 1024

/** docs/reference/http.md. */
const FRONTS: Readonly<Record<RouteContext['front'], Front>> = {
  rest: { payloads: ['1.0'], timeoutMs: 29_000, bodyBytesMax: 10 * MIB },
  httpapi: { payloads: ['2.0', '1.0'], timeoutMs: 30_000, bodyBytesMax: 10 * MIB },
  'function-url': { payloads: ['2.0'], timeoutMs: 900_000, bodyBytesMax: 6 * MIB },
  alb: { payloads: ['1.0'], timeoutMs: 900_000, bodyBytesMax: MIB },
}
const NAMES = Object.keys(FRONTS).join(', ')

/** As Lambda's log has it: without this line nobody would know why the answer is a 502. */
function print(error: unknown, { kind, requestId, method, target }: FailureFacts): void {
  // oxlint-disable-next-line no-console
  console.error(`${method} ${target} (${requestId}): ${kind}\n`, error)
}
