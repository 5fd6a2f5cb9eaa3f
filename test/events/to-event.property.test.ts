import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { HttpRequest, RouteContext } from '../../src/events/http.ts'
import { toEvent } from '../../src/events/index.ts'
import { anyRequests, FRONTS, grouped, pairsOf, RUNS } from './fronts.ts'

/** An event of whichever shape. */
interface AnyEvent {
  readonly headers?: Record<string, string>
  readonly multiValueHeaders?: Record<string, string[]>
  readonly queryStringParameters?: Record<string, string> | null
  readonly multiValueQueryStringParameters?: Record<string, string[]> | null
  readonly cookies?: string[]
  readonly rawQueryString?: string
  readonly rawPath?: string
  readonly path?: string
  readonly body?: string | null
  readonly isBase64Encoded: boolean
}

/** What the front end says itself, whatever the client has sent. */
const OWN = ['x-amzn-trace-id', 'x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto']
const HOP_BY_HOP =
  'connection expect keep-alive proxy-connection te trailer transfer-encoding upgrade'.split(' ')
/** docs/reference/http.md: never in the event of a REST API. */
const NOT_IN_REST =
  'connection content-length content-md5 expect max-forwards proxy-authenticate server te trailer transfer-encoding upgrade www-authenticate'.split(
    ' ',
  )
const SPELT: Readonly<Record<string, string>> = {
  authorization: 'Authorization',
  'user-agent': 'User-Agent',
  host: 'Host',
}

type Kind = 'rest' | 'v1' | 'v2' | 'url' | 'alb'

function kindOf({ front, payload }: RouteContext): Kind {
  if (front === 'httpapi') return payload === '1.0' ? 'v1' : 'v2'
  return front === 'function-url' ? 'url' : front
}

/** The headers that have to be in the event, by the name that they have there. */
function wantedHeaders({ rawHeaders }: HttpRequest, kind: Kind): Map<string, string[]> {
  const left = new Set([
    ...OWN,
    ...(kind === 'rest' ? NOT_IN_REST : [...HOP_BY_HOP, 'content-length']),
  ])
  const kept = pairsOf(rawHeaders).flatMap(([sent, value]): [string, string][] => {
    const lower = sent.toLowerCase()
    const isLost = left.has(lower) || (kind === 'alb' && value === '')
    if (isLost || (kind === 'v2' && lower === 'cookie')) return []
    if (kind !== 'rest' && kind !== 'v1') return [[lower, value]]
    const spelt = kind === 'v1' && lower === 'content-type' ? 'Content-Type' : SPELT[lower]
    return [
      [Object.hasOwn(SPELT, lower) || lower === 'content-type' ? (spelt ?? sent) : sent, value],
    ]
  })
  return grouped(kept)
}

function withoutOwn<T>(map: Readonly<Record<string, T>>): Map<string, T> {
  const own = new Set([...OWN, 'content-length'])
  return new Map(Object.entries(map).filter(([name]) => !own.has(name.toLowerCase())))
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}

function mapped<T>(
  map: ReadonlyMap<string, string[]>,
  of: (values: string[]) => T,
): Map<string, T> {
  return new Map([...map].map(([key, values]) => [key, of(values)]))
}

const last = (values: readonly string[]): string => values.at(-1) ?? ''
const joined = (values: readonly string[]): string => values.join(',')

function assertSameMap<T>(given: ReadonlyMap<string, T>, wanted: ReadonlyMap<string, T>): void {
  assert.deepEqual(sorted(given), sorted(wanted))
}

function assertHeaders(event: AnyEvent, request: HttpRequest, kind: Kind): void {
  const wanted = wantedHeaders(request, kind)
  const { headers, multiValueHeaders } = event
  if (multiValueHeaders !== undefined) assertSameMap(withoutOwn(multiValueHeaders), wanted)
  if (headers === undefined) return
  const isJoined = kind === 'v2' || kind === 'url'
  assertSameMap(withoutOwn(headers), mapped(wanted, isJoined ? joined : last))
}

function assertCookies({ cookies = [] }: AnyEvent, { rawHeaders }: HttpRequest): void {
  const sent = pairsOf(rawHeaders).flatMap(([name, value]) =>
    name.toLowerCase() === 'cookie' ? value.split(';') : [],
  )
  assert.deepEqual(
    cookies,
    sent.map((cookie) => cookie.trim()).filter((cookie) => cookie !== ''),
  )
}

function assertQuery(event: AnyEvent, query: string, kind: Kind): void {
  // The platform's own reading, but for its `?` in front. A load balancer leaves all as it was sent.
  const pairs =
    kind === 'alb'
      ? query
          .split('&')
          .filter(Boolean)
          .map((pair): [string, string] => [
            pair.split('=', 1)[0] ?? '',
            pair.split('=').slice(1).join('='),
          ])
      : [...new URLSearchParams(`&${query}`)]
  const wanted = grouped(pairs)
  const { queryStringParameters: single, multiValueQueryStringParameters: multi } = event
  if (multi !== undefined) assertSameMap(new Map(Object.entries(multi ?? {})), wanted)
  if (multi !== undefined && single === undefined) return
  const isJoined = kind === 'v2' || kind === 'url'
  const entries = new Map(Object.entries(single ?? {}))
  assertSameMap(entries, mapped(wanted, isJoined ? joined : last))
  if (isJoined) assert.equal(event.rawQueryString, query)
}

/** As the platform decodes a value of a form, where `+` and `&` mean nothing. */
function decoded(path: string): string {
  const value = path.replaceAll('+', '%2B').replaceAll('&', '%26')
  return new URLSearchParams(`k=${value}`).get('k') ?? ''
}

function withoutPrefix(path: string, prefix: string): string {
  if (path !== prefix && !path.startsWith(`${prefix}/`)) return path
  return path.slice(prefix.length) || '/'
}

function assertPath(event: AnyEvent, sent: string, kind: Kind): void {
  switch (kind) {
    case 'alb':
      return assert.equal(event.path, sent)
    case 'v1':
      return assert.equal(event.path, decoded(sent))
    case 'v2':
      return assert.equal(event.rawPath, decoded(sent))
    case 'url':
      return assert.equal(event.rawPath, withoutPrefix(sent, '/_url/f'))
    case 'rest': {
      // The stage is taken off where something is left for `{proxy+}`; of slashes in front one stays.
      const one = sent.replace(/^\/+/, '/')
      const inStage = withoutPrefix(one, '/dev').replace(/^\/+/, '/')
      const isUnderBase = /^\/base\/+[^/]/.test(one)
      const wanted = isUnderBase || /^\/*$/.test(inStage) ? [one] : [inStage, one]
      return assert.ok(wanted.includes(event.path ?? ''), `${event.path} of ${sent}`)
    }
  }
}

const TEXT = /^\s*(?:text\/[^;]*|application\/(?:json|xml|javascript))\s*(?:;|$)/i

/** Where bytes that are no text may become U+FFFD, as on AWS: their type says text, or all is text. */
function isSaidToBeText({ rawHeaders }: HttpRequest, route: RouteContext): boolean {
  if (route.front === 'rest') return route.binaryMediaTypes.length === 0
  const headers = grouped(pairsOf(rawHeaders).map(([name, value]) => [name.toLowerCase(), value]))
  const isEncoded = headers.get('content-encoding')?.some((value) => value !== '') === true
  const type = headers.get('content-type')?.at(-1) ?? ''
  return TEXT.test(type) && !(route.front === 'alb' && isEncoded)
}

function assertBody(event: AnyEvent, request: HttpRequest, route: RouteContext): void {
  const { body, isBase64Encoded } = event
  if (request.body.length === 0) return assert.ok(!body && !isBase64Encoded)
  const bytes = Buffer.from(request.body)
  assert.equal(isBase64Encoded, !isSaidToBeText(request, route))
  if (isBase64Encoded) return assert.deepEqual(Buffer.from(body ?? '', 'base64'), bytes)
  const isText = Buffer.from(bytes.toString()).equals(bytes)
  if (isText) assert.deepEqual(Buffer.from(body ?? ''), bytes)
  else assert.ok(body?.includes('\uFFFD'))
}

function assertNothingLost(request: HttpRequest, route: RouteContext): void {
  const kind = kindOf(route)
  // It crosses to the function as JSON.
  const event = JSON.parse(JSON.stringify(toEvent(request, route))) as AnyEvent
  const mark = request.target.indexOf('?')
  const path = mark === -1 ? request.target : request.target.slice(0, mark)
  assertHeaders(event, request, kind)
  if (kind === 'v2' || kind === 'url') assertCookies(event, request)
  assertQuery(event, mark === -1 ? '' : request.target.slice(mark + 1), kind)
  assertPath(event, path, kind)
  assertBody(event, request, route)
}

describe('The event of any request has every byte, header and value of it, in order,', () => {
  for (const [front, route] of Object.entries(FRONTS)) {
    test(`from a ${front}`, () => {
      fc.assert(
        fc.property(anyRequests, (request) => assertNothingLost(request, route)),
        { numRuns: RUNS },
      )
    })
  }
})
