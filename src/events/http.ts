/**
 * An HTTP request exactly as it came: names, order and repeats kept. The Fetch `Request` would
 * lower-case and merge header names, and payload 1.0 carries them as the client sent them.
 */
export interface HttpRequest {
  readonly method: string
  /** The origin-form as on the wire, query included: `/dev/lead/7?x=%2B`. */
  readonly target: string
  /** `[name, value, name, value, …]`, as `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: readonly string[]
  readonly body: Uint8Array
  /** The client's address; behind a trusted proxy the one that it names. */
  readonly sourceIp: string
  /** `HTTP/1.1`. */
  readonly protocol: string
  /** When it arrived, milliseconds since 1970. */
  readonly timeEpochMs: number
  /** A UUID: the gateway's request id on REST, and the source of the short ids. */
  readonly requestId: string
  /** `Root=1-67891233-abcdef012345678912345678`. */
  readonly traceId: string
  /** The port the client connected to, for `X-Forwarded-Port`. */
  readonly port: number
  /** Who it comes from, where an authorizer has said so. */
  readonly caller?: CallerFacts
}

/** What an authorizer adds to an event. JSON values only: it crosses to the function's process. */
export interface CallerFacts {
  /** `requestContext.authorizer`, in the shape of its front end. */
  readonly authorizer?: Readonly<Record<string, unknown>>
  /** Keys of `requestContext.identity` that take other values (REST with IAM or an API key). */
  readonly identity?: Readonly<Record<string, string | null>>
}

/** What of an API and its route stands in the event and does not change with the request. */
export interface RouteContext {
  readonly front: 'rest' | 'httpapi' | 'function-url' | 'alb'
  readonly payload: '1.0' | '2.0'
  readonly accountId: string
  readonly apiId: string
  readonly stage: string
  readonly stageVariables: Readonly<Record<string, string>>
  readonly binaryMediaTypes: readonly string[]
  /** The route's own method, or `ANY`. */
  readonly method: string
  /** The route's path template, or `$default`. */
  readonly path: string
  /** The API key then stands in the event of a REST API. Default: false. */
  readonly apiKeyRequired?: boolean
  /** It streams: what a handler returns, and does not stream, is then the body as it is. Default: false. */
  readonly streams?: boolean
  /** What may stand before its paths: `/v1`. Default: nothing. */
  readonly basePath?: string
  /** Load balancers only: headers and query are lists of values. Default: false. */
  readonly multiValueHeaders?: boolean
  /** Load balancers only. */
  readonly targetGroupArn?: string
}

/** A response as it goes on the wire. */
export interface HttpResponse {
  readonly status: number
  /** `[name, value, name, value, …]`; spelling, order and repeats as they are to be sent. */
  readonly rawHeaders: readonly string[]
  readonly body: Uint8Array | string
}

/** A handler's result, translated; or why API Gateway would call it malformed. */
export type TranslatedResult =
  | { readonly ok: true; readonly response: HttpResponse }
  | { readonly ok: false; readonly reason: string }
