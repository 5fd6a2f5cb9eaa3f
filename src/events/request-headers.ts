import type { HttpRequest } from './http.ts'
import { append, join, put, type MultiMap, type StringMap } from './maps.ts'
import { requestHeaderName, type RequestHeaderRole } from './request-header-names.ts'

/** What the headers of a request come to. */
export interface EventHeaders {
  readonly last: StringMap
  readonly all: MultiMap
  readonly facts: HeaderFacts
}

/** The header values that stand elsewhere in the event too; of repeats the last. */
export interface HeaderFacts {
  host: string
  contentType: string | undefined
  contentLength: string | undefined
  userAgent: string | undefined
  apiKey: string | undefined
  cookies: string[]
  forwardedFor: string | undefined
  forwardedPort: string | undefined
  forwardedProto: string | undefined
}

/**
 * The headers of payload 1.0. REST APIs treat names that differ in case as different names, and so
 * do these maps; `spelling` says which names are re-spelt and left out (docs/reference/http.md).
 */
export function multiHeaders(request: HttpRequest, spelling: 'rest' | 'v1'): EventHeaders {
  const last: StringMap = { 'X-Amzn-Trace-Id': request.traceId }
  const all: MultiMap = { 'X-Amzn-Trace-Id': [request.traceId] }
  const facts = noFacts()
  const raw = request.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = requestHeaderName(raw[i] ?? '')
    const value = raw[i + 1] ?? ''
    if (name.role !== 'other' && note(facts, name.role, value)) continue
    const key = name[spelling]
    if (key === '') continue
    put(last, key, value)
    append(all, key, value)
  }
  setBoth(last, all, 'X-Forwarded-For', forwardedFor(facts, request))
  setBoth(last, all, 'X-Forwarded-Port', facts.forwardedPort ?? String(request.port))
  setBoth(last, all, 'X-Forwarded-Proto', facts.forwardedProto ?? 'http')
  if (spelling === 'v1') setBoth(last, all, 'Content-Length', contentLength(facts, request))
  return { last, all, facts }
}

/** The headers of payload 2.0: lower case, repeats joined by commas. */
export function joinedHeaders(
  request: HttpRequest,
  cookieHeader: 'kept' | 'removed',
): { readonly headers: StringMap; readonly facts: HeaderFacts } {
  const headers: StringMap = {}
  const facts = noFacts()
  const raw = request.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = requestHeaderName(raw[i] ?? '')
    const value = raw[i + 1] ?? ''
    if (name.role !== 'other' && note(facts, name.role, value)) continue
    if (name.v2 === '' || (name.role === 'cookie' && cookieHeader === 'removed')) continue
    join(headers, name.v2, value)
  }
  headers['content-length'] = contentLength(facts, request)
  headers['x-amzn-trace-id'] = request.traceId
  headers['x-forwarded-for'] = forwardedFor(facts, request)
  headers['x-forwarded-port'] = facts.forwardedPort ?? String(request.port)
  headers['x-forwarded-proto'] = facts.forwardedProto ?? 'http'
  return { headers, facts }
}

/** The headers of a load balancer's event, `[name, value, …]` in lower case, its own at the end. */
export function listedHeaders(request: HttpRequest): {
  readonly list: string[]
  readonly facts: HeaderFacts
} {
  const list: string[] = []
  const facts = noFacts()
  const raw = request.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = requestHeaderName(raw[i] ?? '')
    const value = raw[i + 1] ?? ''
    if (name.role !== 'other' && note(facts, name.role, value)) continue
    if (name.v2 !== '' && value !== '') list.push(name.v2, value)
  }
  if (facts.contentLength !== undefined || request.body.length > 0) {
    list.push('content-length', contentLength(facts, request))
  }
  list.push('x-amzn-trace-id', request.traceId)
  list.push('x-forwarded-for', forwardedFor(facts, request))
  list.push('x-forwarded-port', facts.forwardedPort ?? String(request.port))
  list.push('x-forwarded-proto', facts.forwardedProto ?? 'http')
  return { list, facts }
}

function setBoth(last: StringMap, all: MultiMap, key: string, value: string): void {
  last[key] = value
  all[key] = [value]
}

function noFacts(): HeaderFacts {
  return {
    host: '',
    contentType: undefined,
    contentLength: undefined,
    userAgent: undefined,
    apiKey: undefined,
    cookies: [],
    forwardedFor: undefined,
    forwardedPort: undefined,
    forwardedProto: undefined,
  }
}

/** Writes down a header that matters; true when the gateway sets it and the client's is not copied. */
function note(facts: HeaderFacts, role: RequestHeaderRole, value: string): boolean {
  switch (role) {
    case 'host':
      facts.host = value
      return false
    case 'content-type':
      facts.contentType = value
      return false
    case 'user-agent':
      facts.userAgent = value
      return false
    case 'x-api-key':
      facts.apiKey = value
      return false
    case 'cookie':
      addCookies(facts.cookies, value)
      return false
    case 'content-length':
      facts.contentLength = value
      return true
    case 'x-forwarded-for':
      facts.forwardedFor =
        facts.forwardedFor === undefined ? value : `${facts.forwardedFor}, ${value}`
      return true
    case 'x-forwarded-port':
      facts.forwardedPort = value
      return true
    case 'x-forwarded-proto':
      facts.forwardedProto = value
      return true
    case 'x-amzn-trace-id':
      return true
    case 'other':
      return false
  }
}

function addCookies(cookies: string[], header: string): void {
  for (const piece of header.split(';')) {
    const cookie = piece.trim()
    if (cookie !== '') cookies.push(cookie)
  }
}

/**
 * The client's list with the address the request came from at its end: the one entry that cannot
 * be made up. It is there already when a trusted proxy named it.
 */
function forwardedFor({ forwardedFor: sent }: HeaderFacts, { sourceIp }: HttpRequest): string {
  if (sent === undefined || sent === '') return sourceIp
  const lastEntry = sent.slice(sent.lastIndexOf(',') + 1).trim()
  return lastEntry === sourceIp ? sent : `${sent}, ${sourceIp}`
}

/** HTTP APIs show one on every request, also where the body came in chunks or not at all. */
function contentLength(facts: HeaderFacts, request: HttpRequest): string {
  return facts.contentLength ?? String(request.body.length)
}
