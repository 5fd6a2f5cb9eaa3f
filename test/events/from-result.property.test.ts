import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { HttpResponse, RouteContext } from '../../src/events/http.ts'
import { fromResult } from '../../src/events/index.ts'
import {
  bodies,
  FRONTS,
  grouped,
  headerNameTexts,
  headerValueTexts,
  pairsOf,
  RUNS,
} from './fronts.ts'
import { request } from './support.ts'

/** A result that every front end takes, but for the keys that only some know. */
interface Valid {
  readonly statusCode: number
  readonly headers: Record<string, string>
  readonly multiValueHeaders: Record<string, string[]>
  readonly cookies: string[]
  readonly bytes: Uint8Array
  readonly isBase64Encoded: boolean
}

const single = fc.dictionary(headerNameTexts, headerValueTexts, { maxKeys: 8, size: 'max' })
const multi = fc.dictionary(headerNameTexts, fc.array(headerValueTexts, { maxLength: 3 }), {
  maxKeys: 6,
  size: 'max',
})

const validResults: fc.Arbitrary<Valid> = fc.record({
  statusCode: fc.integer({ min: 200, max: 599 }),
  headers: single,
  multiValueHeaders: multi,
  cookies: fc.array(headerValueTexts, { maxLength: 3 }),
  bytes: bodies,
  isBase64Encoded: fc.boolean(),
})

/** The result as the handler would return it to this front end. */
function resultFor({ bytes, ...valid }: Valid, { front, payload }: RouteContext): object {
  const body = valid.isBase64Encoded ? Buffer.from(bytes).toString('base64') : textOf(bytes)
  const { cookies, multiValueHeaders, ...common } = valid
  const known = payload === '2.0' ? { cookies } : { multiValueHeaders }
  return { ...common, ...known, body, ...(front === 'alb' ? { statusDescription: '200 OK' } : {}) }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

const FRAMING =
  'connection content-length keep-alive proxy-connection te trailer transfer-encoding upgrade'.split(
    ' ',
  )
/** docs/reference/http.md: what a REST API sends under another name. */
const REMAPPED =
  'authorization connection content-length content-md5 date expect host max-forwards proxy-authenticate server trailer upgrade user-agent www-authenticate'.split(
    ' ',
  )
/** What each front end says itself. */
const OWN: Readonly<Record<RouteContext['front'], readonly string[]>> = {
  rest: ['x-amzn-requestid', 'x-amz-apigw-id', 'x-amzn-trace-id'],
  httpapi: ['apigw-requestid'],
  'function-url': ['x-amzn-requestid', 'x-amzn-trace-id'],
  alb: [],
}

/** Several values first, then the single one, each in its order. */
function givenHeaders(
  valid: Valid,
  { front, payload, multiValueHeaders }: RouteContext,
): [string, string][] {
  const one = Object.entries(valid.headers)
  const several = Object.entries(valid.multiValueHeaders).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  )
  if (front === 'alb') return multiValueHeaders === true ? several : one
  if (payload === '1.0') return [...several, ...one]
  const { cookies } = valid
  const others = one.filter(([name]) => cookies.length === 0 || name.toLowerCase() !== 'set-cookie')
  return [...others, ...cookies.map((cookie): [string, string] => ['Set-Cookie', cookie])]
}

/** The headers that have to leave, by lower-case name. */
function wantedHeaders(valid: Valid, route: RouteContext): Map<string, string[]> {
  const { front } = route
  const pairs = givenHeaders(valid, route).flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase()
    if (lower === 'content-type' || OWN[front].includes(lower)) return []
    if (front === 'rest' && REMAPPED.includes(lower)) return [[`x-amzn-remapped-${lower}`, value]]
    return FRAMING.includes(lower) ? [] : [[lower, value]]
  })
  return grouped(pairs)
}

function sentHeaders(
  { rawHeaders }: HttpResponse,
  front: RouteContext['front'],
): Map<string, string[]> {
  const own = new Set(['content-type', 'content-length', ...OWN[front]])
  const pairs = pairsOf(rawHeaders).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    value,
  ])
  return grouped(pairs.filter(([name]) => !own.has(name)))
}

/** Of several Content-Types the last leaves. */
function wantedType(valid: Valid, route: RouteContext): string | undefined {
  const given = mergedByName(givenHeaders(valid, route))
  return given.filter(([name]) => name.toLowerCase() === 'content-type').at(-1)?.[1]
}

function mergedByName(pairs: readonly [string, string][]): [string, string][] {
  const names = new Set(pairs.map(([name]) => name.toLowerCase()))
  return [...names].flatMap((wanted) => pairs.filter(([name]) => name.toLowerCase() === wanted))
}

function wantedBytes(
  { bytes, isBase64Encoded }: Valid,
  { front, binaryMediaTypes }: RouteContext,
): Buffer {
  if (!isBase64Encoded) return Buffer.from(textOf(bytes))
  // A REST API decodes only what the client's Accept asks for; with `*/*` that is everything.
  const isDecoded = front !== 'rest' || binaryMediaTypes.length > 0
  return isDecoded ? Buffer.from(bytes) : Buffer.from(Buffer.from(bytes).toString('base64'))
}

function sort(map: ReadonlyMap<string, string[]>): [string, string[]][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}

function assertNothingLost(valid: Valid, route: RouteContext): void {
  const translated = fromResult(resultFor(valid, route), request(), route)
  assert.ok(translated.ok, 'reason' in translated ? translated.reason : '')
  const { response } = translated
  assert.equal(response.status, valid.statusCode)
  assert.deepEqual(sort(sentHeaders(response, route.front)), sort(wantedHeaders(valid, route)))
  const type = wantedType(valid, route)
  if (type !== undefined) assert.equal(response.rawHeaders[1], type)
  const isBodiless = valid.statusCode === 204 || valid.statusCode === 304
  const bytes = isBodiless ? Buffer.alloc(0) : wantedBytes(valid, route)
  assert.deepEqual(Buffer.from(response.body), bytes)
  const lengths = pairsOf(response.rawHeaders).filter(([name]) => name === 'Content-Length')
  assert.deepEqual(lengths, isBodiless ? [] : [['Content-Length', String(bytes.length)]])
}

describe('The response to any valid result has every byte, header and value of it, in order,', () => {
  for (const [front, route] of Object.entries(FRONTS)) {
    test(`from a ${front}`, () => {
      fc.assert(
        fc.property(validResults, (valid) => assertNothingLost(valid, route)),
        { numRuns: RUNS },
      )
    })
  }
})

describe('A value without statusCode is the whole body', () => {
  for (const front of ['HTTP API 2.0', 'Function URL']) {
    test(`of a ${front}`, () => {
      const route = FRONTS[front] ?? assert.fail()
      const value = fc.jsonValue({ maxDepth: 3 }).filter(hasNoStatus)
      fc.assert(
        fc.property(value, (result) => {
          const translated = fromResult(result, request(), route)
          assert.ok(translated.ok)
          const { status, rawHeaders, body } = translated.response
          assert.deepEqual([status, rawHeaders[1]], [200, 'application/json'])
          assert.equal(body, typeof result === 'string' ? result : JSON.stringify(result))
        }),
        { numRuns: RUNS },
      )
    })
  }
})

function hasNoStatus(value: unknown): boolean {
  return typeof value !== 'object' || value === null || !('statusCode' in value)
}
