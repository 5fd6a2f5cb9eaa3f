import * as fc from 'fast-check'
import type { HttpRequest, RouteContext } from '../../src/events/http.ts'
import {
  albRoute,
  headerNames,
  httpApiRoute,
  request,
  restRoute,
  targets,
  urlRoute,
} from './support.ts'

/** How often each property is tried: `EVENTS_RUNS=100000` for a long run. */
export const RUNS: number = Number(process.env['EVENTS_RUNS'] ?? 1000)

/** Every front end that gives an event a shape of its own. */
export const FRONTS: Readonly<Record<string, RouteContext>> = {
  'REST API': restRoute({ method: 'ANY', path: '/{proxy+}' }),
  'REST API with binary types': restRoute({
    method: 'ANY',
    path: '/{proxy+}',
    binaryMediaTypes: ['*/*'],
    basePath: '/base',
  }),
  'HTTP API 2.0': httpApiRoute(),
  'HTTP API 1.0': httpApiRoute({ payload: '1.0' }),
  'Function URL': urlRoute({ basePath: '/_url/f' }),
  'load balancer': albRoute(),
  'load balancer with lists': albRoute({ multiValueHeaders: true }),
}

/** Names with a meaning, in the spellings that clients use. */
const KNOWN_NAMES = `
  Host host Content-Type content-type Content-Length Cookie cookie Authorization authorization
  User-Agent X-Forwarded-For X-Forwarded-Port X-Forwarded-Proto X-Amzn-Trace-Id Connection
  Transfer-Encoding TE Upgrade Expect Keep-Alive Date Referer Via Server Content-MD5 Accept
  Content-Encoding X-Api-Key Max-Forwards WWW-Authenticate apigw-requestid x-amzn-requestid
  Set-Cookie set-cookie
`
  .trim()
  .split(/\s+/)

/** What a header may carry (RFC 9110), as Node reads it: a byte is a character. */
const VALUE_CHARACTERS = [...Array(256).keys()]
  .filter((code) => code === 9 || (code >= 32 && code !== 127))
  .map((code) => String.fromCharCode(code))

export const headerValueTexts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: fc.constantFrom(...VALUE_CHARACTERS), maxLength: 12 }),
  fc.constantFrom('', 'text/plain', 'application/json', 'image/png', 'a=1; b=2', 'gzip', '0'),
)

export const headerNameTexts: fc.Arbitrary<string> = fc.oneof(
  headerNames,
  fc.constantFrom(...KNOWN_NAMES),
)

/** Any header list, flat, in any order and with repeats. */
const anyHeaders = fc
  .array(fc.tuple(headerNameTexts, headerValueTexts), { maxLength: 14, size: 'max' })
  .map((pairs) => pairs.flat())

/** Bodies of bytes, and of what is text in UTF-8. */
export const bodies: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 48, size: 'max' }),
  fc
    .tuple(fc.constantFrom('', '\uFEFF'), fc.string({ unit: 'binary', maxLength: 24 }))
    .map((texts) => new TextEncoder().encode(texts.join(''))),
)

/** Any request that a listener may hand over. */
export const anyRequests: fc.Arbitrary<HttpRequest> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PROPFIND', 'OPTIONS'),
    target: fc
      .tuple(fc.constantFrom('', '/dev', '/base', '/_url/f'), targets)
      .map((p) => p.join('')),
    rawHeaders: anyHeaders,
    body: bodies,
    requestId: fc.uuid(),
  })
  .map(request)

/** `[[name, value], …]` of a flat list. */
export function pairsOf(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, i): [string, string][] =>
    i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : [],
  )
}

/** The values of each key, in order; a Map, so that no name means anything. */
export function grouped(pairs: Iterable<readonly [string, string]>): Map<string, string[]> {
  const map = new Map<string, string[]>()
  for (const [key, value] of pairs) map.set(key, [...(map.get(key) ?? []), value])
  return map
}
