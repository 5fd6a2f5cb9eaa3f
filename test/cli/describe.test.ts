import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { stripVTControlCharacters as plain } from 'node:util'
import { describeApp, routeLines, summaryOf } from '../../src/cli/describe.ts'
import type { App } from '../../src/model/app.ts'
import { appOf } from '../aws/serve.ts'
import { apiOf } from '../http/serve.ts'

function app(more: Partial<App> = {}): App {
  const directory = process.cwd()
  return {
    ...appOf([{ name: 'effect', key: 'postLead' }, { name: 'worker' }]),
    services: [{ name: 'leads', directory, manifest: join(directory, 'serverless.yml') }],
    apis: [
      apiOf('httpapi', ['POST /lead/{leadId}', '$default']),
      apiOf('rest', ['ANY /old']),
      apiOf('httpapi', ['GET /v1'], { payload: '1.0', route: { functionName: 'elsewhere' } }),
      apiOf('function-url', ['$default']),
    ],
    ...more,
  }
}

describe('What is said of an app', () => {
  test('is what it has, and where that is written', () => {
    assert.equal(
      plain(summaryOf(app())),
      '2 functions  5 routes   serverless.yml · stage dev · us-east-1',
    )
    const one = { ...appOf([{ name: 'hello' }]), apis: [apiOf('rest', ['GET /'])] }
    assert.match(plain(summaryOf(one)), /^1 function {2}1 route {3}/)
  })

  test('is one line a route, in columns, with the name of the manifest and the front end', () => {
    assert.deepEqual(routeLines(app()), [
      '  POST /lead/{leadId}   postLead    HTTP API 2.0',
      '  $default              postLead    HTTP API 2.0',
      '  ANY /old              postLead    REST API 1.0',
      '  GET /v1               elsewhere   HTTP API 1.0',
      '  $default              postLead    Function URL 2.0',
    ])
    const throttle = { rate: 0.5, burst: 10 }
    const limited = apiOf('rest', ['GET /a'], { route: { throttle } })
    assert.deepEqual(routeLines(app({ apis: [limited] })), [
      '  GET /a   postLead   REST API 1.0   0.5/s, burst 10',
    ])
    assert.deepEqual(routeLines(app({ apis: [] })), [])
  })

  test('has what stands before the paths of an API, a Function URL where it is served, and rules', () => {
    const url = apiOf('function-url', ['$default'], { basePath: '/_url/hello' })
    const apis = [
      apiOf('rest', ['GET /x'], { basePath: '/v1' }),
      apiOf('alb', ['POST|PUT /a*']),
      url,
    ]
    assert.deepEqual(routeLines(app({ apis })), [
      '  GET /v1/x      postLead   REST API 1.0',
      '  POST|PUT /a*   postLead   Load balancer',
      '  /_url/hello    postLead   Function URL 2.0',
    ])
    assert.deepEqual(routeLines(app({ apis: [url] })), ['  $default   postLead   Function URL 2.0'])
  })

  test('ends with where it listens, and what it does not serve', () => {
    const place = { file: 'serverless.yml', line: 7, column: 9 }
    const notes = [{ place, message: 'SQS queues are not served yet' }]
    const urls = { api: 'http://127.0.0.1:3000', admin: 'http://127.0.0.1:3003' }
    const lines = plain(describeApp(app({ apis: [], notes }), urls, 412)).split('\n')
    assert.match(lines[0] ?? '', / {2}ready in 412 ms$/)
    assert.deepEqual(lines.slice(1), [
      '  API http://127.0.0.1:3000   Admin http://127.0.0.1:3003',
      '  note  serverless.yml:7:9  SQS queues are not served yet',
    ])
  })
})
