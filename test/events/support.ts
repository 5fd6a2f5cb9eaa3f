import * as fc from 'fast-check'
import type { HttpRequest, HttpResponse, RouteContext } from '../../src/events/http.ts'

/** A GET of `/dev/lead/7`, but for what the test says. */
export function request(changes: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'GET',
    target: '/dev/lead/7',
    rawHeaders: ['Host', 'abc.example.com:3000'],
    body: new Uint8Array(),
    sourceIp: '203.0.113.7',
    protocol: 'HTTP/1.1',
    timeEpochMs: Date.UTC(2026, 6, 5, 3, 4, 9, 766),
    requestId: '8f14e45f-ceea-467f-a0e6-0123456789ab',
    traceId: 'Root=1-67891233-abcdef012345678912345678',
    port: 3000,
    ...changes,
  }
}

/** The REST route `GET /lead/{leadId}` of the stage `dev`, but for what the test says. */
export function restRoute(changes: Partial<RouteContext> = {}): RouteContext {
  return {
    front: 'rest',
    payload: '1.0',
    accountId: '123456789012',
    apiId: 'abcdefghij',
    stage: 'dev',
    stageVariables: {},
    binaryMediaTypes: [],
    method: 'GET',
    path: '/lead/{leadId}',
    ...changes,
  }
}

/** The `$default` route of an HTTP API, but for what the test says. */
export function httpApiRoute(changes: Partial<RouteContext> = {}): RouteContext {
  return restRoute({
    front: 'httpapi',
    payload: '2.0',
    stage: '$default',
    method: 'ANY',
    path: '$default',
    ...changes,
  })
}

/** The route of a Function URL, but for what the test says. */
export function urlRoute(changes: Partial<RouteContext> = {}): RouteContext {
  return httpApiRoute({ front: 'function-url', ...changes })
}

/** The route of a load balancer, but for what the test says. */
export function albRoute(changes: Partial<RouteContext> = {}): RouteContext {
  const targetGroupArn =
    'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/0123456789abcdef'
  return restRoute({ front: 'alb', targetGroupArn, ...changes })
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Every value of a response's header, whatever its spelling. */
export function headerValues({ rawHeaders }: HttpResponse, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)
}

const TOKEN: readonly string[] =
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".split('')

/** Any header name a client may send, with those that objects already have among them. */
export const headerNames: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('x-a', 'X-A', 'x-b', '__proto__', 'constructor', 'toString', '1', '0'),
  fc.string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 12 }),
)

/** Any header list, flat, with repeats. */
export const headerLists: fc.Arbitrary<string[]> = fc
  .array(fc.tuple(headerNames, fc.string({ unit: 'grapheme-ascii' })), {
    maxLength: 12,
    size: 'max',
  })
  .map((pairs) => pairs.flat())

/** Any request target: sound, broken, absolute, with escapes that are none. */
export const targets: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      '/',
      '/dev',
      'dev',
      '?',
      '&',
      '=',
      '%',
      '%zz',
      '%2F',
      '%C3%A9',
      '%FF',
      '+',
      'a',
    ),
    { maxLength: 20, size: 'max' },
  )
  .map((pieces) => `/${pieces.join('')}`)

/** Any request. */
export const requests: fc.Arbitrary<HttpRequest> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PROPFIND'),
    target: fc.oneof(targets, fc.constantFrom('*', 'http://h', 'http://h?a=1', 'http://h/x?a', '')),
    rawHeaders: headerLists,
    body: fc.uint8Array({ maxLength: 64, size: 'max' }),
    requestId: fc.oneof(fc.uuid(), fc.string()),
  })
  .map(request)

/** Any route, of every front end. */
export const routes: fc.Arbitrary<RouteContext> = fc
  .record({
    kind: fc.constantFrom(
      { front: 'rest' as const, payload: '1.0' as const, stage: 'dev' },
      { front: 'httpapi' as const, payload: '1.0' as const, stage: '$default' },
      { front: 'httpapi' as const, payload: '2.0' as const, stage: 'dev' },
      { front: 'httpapi' as const, payload: '2.0' as const, stage: '$default' },
      { front: 'function-url' as const, payload: '2.0' as const, stage: '$default' },
      { front: 'alb' as const, payload: '1.0' as const, stage: '$default' },
      {
        front: 'alb' as const,
        payload: '1.0' as const,
        stage: '$default',
        multiValueHeaders: true,
      },
    ),
    basePath: fc.constantFrom('/a', '/dev', '/_url/f'),
    path: fc.constantFrom('/', '/{proxy+}', '/a/{id}', '/{__proto__}', '$default'),
    binaryMediaTypes: fc.constantFrom([], ['*/*'], ['image/*']),
  })
  .map(({ kind, ...rest }) => restRoute({ ...kind, ...rest }))
