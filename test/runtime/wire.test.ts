import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { toEvent, type HttpRequest, type RouteContext } from '../../src/events/index.ts'
import { FRAME } from '../../src/runtime/frames.ts'
import { decodeEnd } from '../../src/runtime/wire.ts'
import type { WorkEnd } from '../../src/runtime/work.ts'
import { openRig, resultOf } from './rig.ts'

/** Answers with what it was given, as JSON in the body where it came over HTTP. */
const ECHO = `
exports.handler = async (event, context) => {
  if (event?.requestContext === undefined) return { event, context }
  return { statusCode: 200, body: JSON.stringify(event) }
}
`

const route = (more: Partial<RouteContext>): RouteContext => ({
  front: 'httpapi',
  payload: '2.0',
  accountId: '123456789012',
  apiId: 'a1b2c3d4e5',
  stage: '$default',
  stageVariables: {},
  binaryMediaTypes: [],
  method: 'ANY',
  path: '/{proxy+}',
  ...more,
})
// As the API listener does: one object a route, whose identity stands for it.
const ROUTES: readonly RouteContext[] = [
  route({}),
  route({ front: 'rest', payload: '1.0', stage: 'dev', stageVariables: { größe: 'ß→' } }),
  route({ payload: '1.0', path: '/ünï/{proxy+}' }),
]

/** What HTTP can carry in a value: no control characters, one byte each. */
const fieldValue = fc.uint8Array({ maxLength: 60, size: 'max' }).map((bytes) =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
    .trim(),
)
const fieldName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/)
const rawHeaders = fc
  .array(fc.tuple(fieldName, fieldValue), { maxLength: 12, size: 'max' })
  .map((pairs) => pairs.flat())
const caller = fc.record({
  authorizer: fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
})
const uncalled: fc.Arbitrary<HttpRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PATCH', 'OPTIONS'),
  target: fc
    .stringMatching(/^[a-z0-9/._~%41?&=+-]{0,40}$/)
    .map((rest) => `/${rest.replaceAll('%', '%41')}`),
  rawHeaders,
  body: fc.uint8Array({ maxLength: 300, size: 'max' }),
  sourceIp: fc.ipV4(),
  protocol: fc.constantFrom('HTTP/1.1', 'HTTP/1.0'),
  timeEpochMs: fc.nat({ max: 2e12 }),
  requestId: fc.uuid(),
  traceId: fieldValue.map((text) => `Root=1-00000000-000000000000000000000000;${text}`.trim()),
  port: fc.nat({ max: 65_535 }),
})
const request = fc
  .tuple(uncalled, fc.option(caller))
  .map(([asked, by]): HttpRequest => (by === null ? asked : { ...asked, caller: by }))

describe('An invocation on its way to an environment', () => {
  test('carries an HTTP request so that the event is what the server would have made of it', async (t) => {
    const rig = openRig(t, { files: { 'index.js': ECHO } })
    await fc.assert(
      fc.asyncProperty(request, fc.constantFrom(...ROUTES), async (given, to) => {
        const outcome = await rig.invoke(undefined, {
          payload: { kind: 'http', request: given, route: to },
          traceId: given.traceId,
        })
        assert.ok(outcome.status === 'ok' && outcome.result.kind === 'http', outcome.status)
        const event: unknown = JSON.parse(Buffer.from(outcome.result.response.body).toString())
        assert.deepEqual(event, JSON.parse(JSON.stringify(toEvent(given, to))))
      }),
      { numRuns: 200 },
    )
  })

  test('carries a JSON event whole, and the client context in any alphabet', async (t) => {
    const rig = openRig(t, { files: { 'index.js': ECHO } })
    const json = fc.json({ depthSize: 'small', stringUnit: 'grapheme' })
    await fc.assert(
      fc.asyncProperty(
        json,
        fc.string({ unit: 'grapheme', size: 'max', maxLength: 50 }),
        async (event, custom) => {
          const clientContext = JSON.stringify({ custom })
          const outcome = await rig.invoke(undefined, {
            payload: { kind: 'json', json: Buffer.from(event) },
            clientContext,
          })
          const { context, ...result } = resultOf(outcome) as { context: object; event: unknown }
          assert.equal(JSON.stringify(result.event), JSON.stringify(JSON.parse(event)))
          assert.deepEqual(Reflect.get(context, 'clientContext'), { custom })
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('The end of an invocation on its way back', () => {
  const decode = (type: number, head: string, body = ''): WorkEnd =>
    decodeEnd(type, head, Buffer.from(body), { kind: 'json', json: Buffer.from('{}') })

  test('says what it was, how long it took and how much memory', () => {
    const measured = { durationMs: 1.5, maxMemoryUsedMb: 80 }
    assert.deepEqual(decode(FRAME.result, '1.500\n81920', '{"a":1}'), {
      kind: 'result',
      result: { kind: 'json', json: Buffer.from('{"a":1}') },
      ...measured,
    })
    assert.deepEqual(decode(FRAME.response, '1.500\n81920\n201\nx-a\tb\nc: d\ne', 'body'), {
      kind: 'result',
      result: {
        kind: 'http',
        response: { status: 201, rawHeaders: ['x-a\tb', 'c: d', 'e'], body: Buffer.from('body') },
      },
      ...measured,
    })
    assert.deepEqual(decode(FRAME.malformed, '1.5\n81920', 'no status'), {
      kind: 'malformed',
      reason: 'no status',
      ...measured,
    })
    assert.deepEqual(decode(FRAME.error, '1.5\n81920', '{}'), {
      kind: 'error',
      error: Buffer.from('{}'),
      ...measured,
    })
  })

  test('is no other frame', () => {
    for (const type of [FRAME.log, FRAME.ready, FRAME.route, 0, 255]) {
      assert.throws(() => decode(type, ''), { message: `unknown frame type ${type}` })
    }
  })
})
