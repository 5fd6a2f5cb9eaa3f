import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { load, oneFunction, tryLoad, type Files } from './project.ts'

const manifestOf = (request: string, provider?: string): string =>
  oneFunction({
    fn: `events:\n- http: { path: "x/{id}", method: post, request: ${request} }`,
    ...(provider === undefined ? {} : { provider }),
  })

const SCHEMA = { type: 'object', required: ['id'] }
const FILES: Files = { 'model.json': JSON.stringify(SCHEMA) }

describe('request of an http event', () => {
  for (const [request, expected] of [
    [
      '{ parameters: { querystrings: { a: true, b: false }, headers: { X-C: true, d: { required: true }, e: { mappedValue: x }, f: { required: false } }, paths: { id: true } } }',
      {
        required: [
          'method.request.querystring.a',
          'method.request.header.X-C',
          'method.request.header.d',
          'method.request.header.e',
        ],
        schemas: {},
      },
    ],
    [
      '{ schemas: { Application/JSON: "${file(model.json)}" } }',
      { required: [], schemas: { 'application/json': SCHEMA } },
    ],
    [
      '{ schemas: { application/json: { schema: "${file(model.json)}", name: M, description: d } } }',
      { required: [], schemas: { 'application/json': SCHEMA } },
    ],
    [
      '{ schemas: { application/json: thing } }',
      { required: [], schemas: { 'application/json': SCHEMA } },
    ],
    [
      '{ schemas: { application/json: other } }',
      { required: [], schemas: { 'application/json': { type: 'string' } } },
    ],
    [
      '{ schemas: { application/json: \'{"type":"null"}\' } }',
      { required: [], schemas: { 'application/json': { type: 'null' } } },
    ],
    [
      '{ schema: { application/json: { type: object } } }',
      { required: [], schemas: { 'application/json': { type: 'object' } } },
    ],
    ['{ parameters: { paths: { id: true } } }', undefined],
    ['{ template: { application/json: x } }', undefined],
  ] as const) {
    test(request, async () => {
      const provider =
        'apiGateway:\n  request:\n    schemas:\n      thing: { schema: "${file(model.json)}", name: T }\n      other: { type: string }'
      const app = await load({ ...FILES, 'serverless.yml': manifestOf(request, provider) })
      assert.deepEqual(app.apis[0]?.routes[0]?.validation, expected)
      assert.deepEqual(app.notes, [])
    })
  }

  for (const [request, error] of [
    [
      '{ parameters: { query: { a: true } } }',
      '9:70  expected request.parameters to name querystrings, headers or paths, got: "query"',
    ],
    [
      '{ parameters: { headers: { a: maybe } } }',
      '9:84  expected a to be true or false, got: "maybe"',
    ],
    [
      '{ schemas: { application/json: missing } }',
      '9:85  expected a JSON Schema, or the name of one of provider.apiGateway.request.schemas, got: "missing"',
    ],
    [
      '{ schemas: { application/json: { type: objekt } } }',
      '9:85  a model of a request cannot be checked at /type: there is no type "objekt"',
    ],
    [
      '{ schemas: { application/json: { properties: { a: { const: 1 } } } } }',
      '9:85  a model of a request cannot be checked at /properties/a: "const" is no word of JSON Schema draft 4',
    ],
  ] as const) {
    test(`${request} stops the start`, async () => {
      const { errors } = await tryLoad({ 'serverless.yml': manifestOf(request) })
      assert.deepEqual(errors, [`serverless.yml:${error}`])
    })
  }
})
