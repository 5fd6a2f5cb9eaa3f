import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toEvent, type HttpRequest, type RouteContext } from '../../src/events/index.ts'
import { eventJson, resultOf } from '../../src/runtime/translate.ts'
import type { Payload } from '../../src/runtime/work.ts'

const request: HttpRequest = {
  method: 'POST',
  target: '/a%20b?x=%C3%9F',
  rawHeaders: ['Content-Type', 'text/plain', 'X-Größe', '7'],
  body: Buffer.from('ß\0"'),
  sourceIp: '192.0.2.1',
  protocol: 'HTTP/1.1',
  timeEpochMs: 1_764_000_000_000,
  requestId: '11111111-2222-4333-8444-555555555555',
  traceId: 'Root=1-67891233-abcdef012345678912345678',
  port: 443,
}
const route: RouteContext = {
  front: 'httpapi',
  payload: '2.0',
  accountId: '123456789012',
  apiId: 'a1b2c3d4e5',
  stage: '$default',
  stageVariables: {},
  binaryMediaTypes: [],
  method: 'ANY',
  path: '/{proxy+}',
}
const http: Payload = { kind: 'http', request, route }
const plain: Payload = { kind: 'json', json: Buffer.from('{"a": 1.0}') }

const answered = (json: string, payload = http): unknown => resultOf(payload, Buffer.from(json))

describe('A payload for an environment that builds no events', () => {
  test('is the event of its front end as JSON', () => {
    assert.deepEqual(
      JSON.parse(String(eventJson(http))),
      JSON.parse(JSON.stringify(toEvent(request, route))),
    )
  })

  test('is what it was, byte for byte, where it is JSON already', () => {
    assert.equal(eventJson(plain), plain.kind === 'json' && plain.json)
  })
})

describe('The JSON that a handler returned', () => {
  test('becomes the response of the front end', () => {
    const json = '{"statusCode": 201, "headers": {"x-a": "b"}, "cookies": ["c=d"], "body": "ü"}'
    const answer = resultOf(http, Buffer.from(json))
    assert.ok(answer.kind === 'result' && answer.result.kind === 'http')
    const { status, rawHeaders, body } = answer.result.response
    assert.deepEqual([status, Buffer.from(body).toString()], [201, 'ü'])
    const headers = new Map(
      rawHeaders.flatMap((name, at) =>
        at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]]] : [],
      ),
    )
    assert.deepEqual([headers.get('x-a'), headers.get('set-cookie')], ['b', 'c=d'])
  })

  test('is malformed where the front end would not take it, or it is not JSON at all', () => {
    const restPayload: Payload = { kind: 'http', request, route: { ...route, front: 'rest' } }
    const reasons = [
      answered('{"statusCode": "no"}'),
      answered('17', restPayload),
      answered('{"statusCode": 200'),
      answered(''),
    ].map((answer) => answer as { kind: string; reason: string })
    assert.deepEqual(new Set(reasons.map(({ kind }) => kind)), new Set(['malformed']))
    assert.deepEqual(
      reasons.slice(2).map(({ reason }) => reason),
      ['the result is not JSON', 'the result is not JSON'],
    )
  })

  test('goes back untouched where the payload was JSON, whatever it holds', () => {
    const json = Buffer.from([0xff, 0x00])
    assert.deepEqual(resultOf(plain, json), { kind: 'result', result: { kind: 'json', json } })
  })
})
