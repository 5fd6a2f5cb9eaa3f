/** A request header's name, and what it is called in each payload; empty: it is left out. */
export interface RequestHeaderName {
  readonly rest: string
  /** Payload 1.0 on an HTTP API. */
  readonly v1: string
  readonly v2: string
  readonly role: RequestHeaderRole
}

/** What an event says in more than one place, or what the gateway itself says. */
export type RequestHeaderRole =
  | 'host'
  | 'content-type'
  | 'content-length'
  | 'user-agent'
  | 'cookie'
  | 'x-api-key'
  | 'x-forwarded-for'
  | 'x-forwarded-port'
  | 'x-forwarded-proto'
  | 'x-amzn-trace-id'
  | 'other'

const KNOWN = new Map<string, RequestHeaderName>()
/** Clients choose the names, so what is remembered of them is bounded. */
const KNOWN_MAX = 512

/** What becomes of a header, by its name as it was sent. */
export function requestHeaderName(sent: string): RequestHeaderName {
  return KNOWN.get(sent) ?? learn(sent)
}

function learn(sent: string): RequestHeaderName {
  const lower = sent.toLowerCase()
  const pascal = PASCAL.get(lower)
  // Ours to say, on answers; of a client it would be made up.
  const isOurs = lower.startsWith('x-spillway-')
  const name: RequestHeaderName = {
    rest: isOurs || LEFT_OUT_OF_REST.has(lower) ? '' : pascal?.inRest === true ? pascal.name : sent,
    v1: isOurs || HOP_BY_HOP.has(lower) ? '' : (pascal?.name ?? sent),
    v2: isOurs || HOP_BY_HOP.has(lower) ? '' : lower,
    role: ROLES.get(lower) ?? 'other',
  }
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear()
  if (sent.length <= 64) KNOWN.set(sent, name)
  return name
}

const ROLES: ReadonlyMap<string, RequestHeaderRole> = new Map(
  (
    [
      'host',
      'content-type',
      'content-length',
      'user-agent',
      'cookie',
      'x-api-key',
      'x-forwarded-for',
      'x-forwarded-port',
      'x-forwarded-proto',
      'x-amzn-trace-id',
    ] satisfies RequestHeaderRole[]
  ).map((role) => [role, role]),
)

/** Names that are re-spelt, whatever the client sent. Content-Type only on HTTP APIs. */
const PASCAL: ReadonlyMap<string, { readonly name: string; readonly inRest: boolean }> = new Map([
  ['authorization', { name: 'Authorization', inRest: true }],
  ['user-agent', { name: 'User-Agent', inRest: true }],
  ['host', { name: 'Host', inRest: true }],
  ['content-type', { name: 'Content-Type', inRest: false }],
])

/** Left out of the event, as recorded: docs/reference/http.md. */
const LEFT_OUT_OF_REST: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-md5',
  'expect',
  'max-forwards',
  'proxy-authenticate',
  'server',
  'te',
  'transfer-encoding',
  'trailer',
  'upgrade',
  'www-authenticate',
])

/** They belong to one connection (RFC 9110 §7.6.1), and the function is not at its end. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
