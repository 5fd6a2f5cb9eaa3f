import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createSpillway, loadApp } from '../../src/index.ts'
import { requestHeaderName } from '../../src/events/request-header-names.ts'
import { makeFolder } from '../support/service.ts'
import { exchangeRaw, statusesOf } from '../support/raw-client.ts'

const MANIFEST = `
service: s
provider: { name: aws, runtime: nodejs24.x }
functions:
  a: { handler: h.a, events: [{ httpApi: GET /a }, { http: GET /b }] }
`
/** What the other two listeners serve. */
const PATHS = [
  '/metrics',
  '/livez',
  '/healthz',
  '/readyz?verbose',
  '/api/limits',
  '/api/errors',
  '/2015-03-31/functions',
  '/2015-03-31/functions/s-dev-a/invocations',
  '/2017-10-31/functions/s-dev-a/concurrency',
  '/?Action=ListQueues',
]
const WAYS = [
  (path: string) => path,
  (path: string) => `/${path}`,
  (path: string) => `/%2e%2e${path}`,
  (path: string) => `/dev/..${path}`,
  (path: string) => `/dev${path}`,
  (path: string) => `http://a${path}`,
]

describe('The API listener', () => {
  test('serves nothing of the other two, whatever it is called', async (t) => {
    const folder = makeFolder({ 'h.js': 'exports.a = async () => 1', 'serverless.yml': MANIFEST })
    const app = await loadApp({ paths: [folder], env: {} })
    const anywhere = { port: 0 }
    const listeners = { api: anywhere, aws: anywhere, admin: anywhere }
    const spillway = await createSpillway({ app, listen: listeners, onLog: () => {} })
    t.after(() => spillway.close())
    const port = Number(new URL(spillway.urls.api ?? '').port)
    for (const path of PATHS) {
      for (const way of WAYS) {
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
          const head = `${method} ${way(path)} HTTP/1.1\r\nHost: a\r\nX-Amz-Target: AmazonSQS.ListQueues`
          const text = await exchangeRaw(port, `${head}\r\nConnection: close\r\n\r\n`)
          const what = `${method} ${way(path)}`
          assert.deepEqual(statusesOf(text).map(isRefusal), [true], `${what}: ${text}`)
          assert.match(text, /\{"message":"(?:Not Found|Missing Authentication Token)"\}$/, what)
        }
      }
    }
    assert.equal(spillway.snapshot().account.inUse, 0)
  })

  test('lets no client say what only answers say', () => {
    for (const name of ['X-Spillway-Handler-Started', 'x-spillway-anything']) {
      const { rest, v1, v2 } = requestHeaderName(name)
      assert.deepEqual([rest, v1, v2], ['', '', ''])
    }
    assert.equal(requestHeaderName('X-Spillways').rest, 'X-Spillways')
  })
})

function isRefusal(status: number): boolean {
  return status === 403 || status === 404
}
