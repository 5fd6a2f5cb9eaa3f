import { afterStage } from '../../events/path.ts'

/** An HTTP event of API Gateway, a Function URL or a load balancer, in any shape. */
export type HttpEvent = object

/** What is read of an event; what a shape does not have is absent or null. */
interface AnyEvent {
  readonly version?: string
  readonly httpMethod?: string
  readonly path?: string
  readonly rawPath?: string
  readonly rawQueryString?: string
  readonly cookies?: readonly string[]
  readonly headers?: Singles | null
  readonly multiValueHeaders?: Lists | null
  readonly queryStringParameters?: Singles | null
  readonly multiValueQueryStringParameters?: Lists | null
  readonly body?: string | null
  readonly isBase64Encoded?: boolean
  readonly requestContext?: {
    readonly elb?: object
    readonly stage?: string
    readonly domainName?: string
    readonly identity?: { readonly sourceIp?: string }
    readonly http?: { readonly method: string; readonly path: string; readonly sourceIp?: string }
  }
}

type Singles = Readonly<Record<string, string | undefined>>
type Lists = Readonly<Record<string, readonly string[] | undefined>>

/** Whose result is expected in return. */
export type EventKind = 'v1' | 'v2' | 'alb' | 'alb-lists'

/** The request that an event is of. */
export interface EventRequest {
  readonly kind: EventKind
  readonly method: string
  readonly target: string
  /** `[name, value, …]`, without those that frame a message on its connection. */
  readonly rawHeaders: readonly string[]
  readonly body: Uint8Array
  readonly sourceIp: string
  readonly isTls: boolean
}

/**
 * Reads an event. The path is the app's: a named stage of an HTTP API is taken off it, as a REST API
 * has done already.
 * @throws {TypeError} for an event that is no HTTP request.
 */
export function toEventRequest(event: HttpEvent): EventRequest {
  const given = event as AnyEvent
  const kind = kindOf(given)
  const headers = headersOf(given)
  const forwardedFor = valueOf(headers, 'x-forwarded-for')
  const { identity, http } = given.requestContext ?? {}
  const { body: text } = given
  return {
    kind,
    method: http?.method ?? given.httpMethod ?? 'GET',
    target: targetOf(given, kind),
    rawHeaders: headers,
    body: Buffer.from(text ?? '', given.isBase64Encoded === true ? 'base64' : 'utf8'),
    sourceIp: identity?.sourceIp ?? http?.sourceIp ?? lastOf(forwardedFor) ?? '127.0.0.1',
    isTls: valueOf(headers, 'x-forwarded-proto') === 'https',
  }
}

function kindOf({ version, httpMethod, requestContext, ...event }: AnyEvent): EventKind {
  if (version === '2.0' && requestContext?.http !== undefined) return 'v2'
  if (typeof httpMethod !== 'string') {
    const message = 'expected an event of API Gateway, a Function URL or a load balancer'
    throw new TypeError(message)
  }
  if (requestContext?.elb === undefined) return 'v1'
  return (event.multiValueHeaders ?? undefined) === undefined ? 'alb' : 'alb-lists'
}

function headersOf({ headers, multiValueHeaders, cookies, requestContext }: AnyEvent): string[] {
  const raw: string[] = []
  const lists = multiValueHeaders ?? listsOf(headers ?? {})
  for (const [name, values] of Object.entries(lists)) {
    if (FRAMING.has(name.toLowerCase())) continue
    for (const value of values ?? []) raw.push(name, toBytes(value))
  }
  if (cookies !== undefined && valueOf(raw, 'cookie') === undefined) {
    raw.push('cookie', toBytes(cookies.join('; ')))
  }
  if (valueOf(raw, 'host') === undefined)
    raw.push('host', requestContext?.domainName ?? 'localhost')
  return raw
}

/** They say how a message travels, and it travels no more. Its length is the body's. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function listsOf(singles: Singles): Lists {
  return Object.fromEntries(
    Object.entries(singles).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value]]],
    ),
  )
}

function valueOf(raw: readonly string[], wanted: string): string | undefined {
  for (let i = 0; i < raw.length; i += 2) if (raw[i]?.toLowerCase() === wanted) return raw[i + 1]
  return undefined
}

function lastOf(list: string | undefined): string | undefined {
  return list?.slice(list.lastIndexOf(',') + 1).trim()
}

/** A header is bytes; what is beyond a byte goes as UTF-8. */
function toBytes(value: string): string {
  return /[^\0-\xff]/.test(value) ? Buffer.from(value).toString('latin1') : value
}

function targetOf(event: AnyEvent, kind: EventKind): string {
  const query = queryOf(event, kind)
  return `${pathOf(event, kind)}${query === '' ? '' : `?${query}`}`
}

function pathOf(event: AnyEvent, kind: EventKind): string {
  const { path = '/', rawPath = '/', requestContext, version } = event
  const stage = requestContext?.stage ?? '$default'
  if (kind === 'v2') {
    // An HTTP API decodes the path, a Function URL shows it as it was sent.
    const isDecoded = rawPath === requestContext?.http?.path
    return withoutStage(isDecoded ? encodeDecoded(rawPath) : encodeRest(rawPath), stage)
  }
  return version === '1.0' ? withoutStage(encodeDecoded(path), stage) : encodeRest(path)
}

function withoutStage(path: string, stage: string): string {
  return stage === '$default' ? path : (afterStage(path, stage) ?? path)
}

function queryOf(event: AnyEvent, kind: EventKind): string {
  if (kind === 'v2') return encodeRest(event.rawQueryString ?? '')
  const lists = event.multiValueQueryStringParameters ?? listsOf(event.queryStringParameters ?? {})
  // A load balancer shows what was sent, API Gateway what it means.
  const encode = kind === 'v1' ? encodeAll : encodeRest
  return Object.entries(lists)
    .flatMap(([key, values]) => (values ?? []).map((value) => `${encode(key)}=${encode(value)}`))
    .join('&')
}

function encodeAll(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** What cannot stand in a target; its escapes are escapes. */
function encodeRest(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]+/g, encodeAll)
}

/** The same for a path that was decoded: a percent sign was one. */
function encodeDecoded(path: string): string {
  return path.replaceAll(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]+/g, encodeAll)
}
