import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { RequestValidation } from '../../src/model/front-rules.ts'
import { apiOf, serveApi, type ServedApi } from './serve.ts'

const NONE: RequestValidation = { required: [], schemas: {} }

async function serve(
  t: TestContext,
  validation: Partial<RequestValidation>,
  more: object = {},
): Promise<ServedApi & { calls(): number }> {
  let calls = 0
  const served = await serveApi(t, {
    apis: [
      apiOf('rest', ['ANY /x'], { route: { validation: { ...NONE, ...validation }, ...more } }),
    ],
    invoke: () => {
      calls++
      const response = { status: 200, rawHeaders: [], body: 'done' }
      return {
        status: 'ok',
        result: { kind: 'http', response },
        handlerStarted: true,
        attempts: 1,
        waitedMs: 0,
      }
    },
  })
  return { ...served, calls: () => calls }
}

describe('Required parameters', () => {
  const required = [
    'method.request.querystring.id',
    'method.request.header.X-Own',
    'method.request.querystring.page',
  ]
  for (const [path, headers, missing] of [
    ['/x', {}, 'id, X-Own, page'],
    ['/x?id=1&page=2', {}, 'X-Own'],
    ['/x?id=&page=%20', { 'x-own': '1' }, 'id, page'],
    ['/x?ID=1&page=2', { 'x-own': '1' }, 'id'],
    ['/x?id=&id=1&page=2', { 'X-OWN': '1' }, undefined],
    ['/x?id=1&page=2', { 'x-own': '1' }, undefined],
  ] as const) {
    test(`${path} with ${JSON.stringify(headers)}: ${missing ?? 'all there'}`, async (t) => {
      const api = await serve(t, { required })
      const answer = await api.send(`/dev${path}`, { headers })
      if (missing === undefined) return assert.equal(answer.text, 'done')
      const body = `{"message":"Missing required request parameters: [${missing}]"}`
      assert.deepEqual([answer.status, answer.text, api.calls()], [400, body, 0])
      assert.equal(answer.headers['x-amzn-errortype'], 'BadRequestException')
    })
  }

  test('are not looked at before the caller is known', async (t) => {
    const api = await serve(t, { required }, { apiKeyRequired: true })
    assert.equal((await api.send('/dev/x')).status, 403)
  })
})

describe('A body', () => {
  const schema = { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } }
  const json = { 'content-type': 'application/json' }
  for (const [what, headers, body, isGood] of [
    ['that fits', json, '{"id":1}', true],
    [
      'of a type with parameters',
      { 'content-type': 'Application/JSON; charset=utf-8' },
      '{"id":1}',
      true,
    ],
    ['without a type', {}, '{"id":1}', true],
    ['that does not fit', json, '{"id":"1"}', false],
    ['without a type, that does not fit', {}, '{}', false],
    ['that is no JSON', json, '{id:1}', false],
    ['that is no UTF-8', json, Buffer.from([0x22, 0xff, 0x22]), false],
    ['that is empty', json, '', false],
    ['of a type that has no model', { 'content-type': 'text/plain' }, 'x', true],
  ] as const) {
    test(`${what}: ${isGood ? 'is let through' : '400'}`, async (t) => {
      const api = await serve(t, { schemas: { 'application/json': schema } })
      const answer = await api.send('/dev/x', { method: 'POST', headers, body })
      if (isGood) return assert.equal(answer.text, 'done')
      const wanted = [400, '{"message":"Invalid request body"}', 0]
      assert.deepEqual([answer.status, answer.text, api.calls()], wanted)
    })
  }
})
