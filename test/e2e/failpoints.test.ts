import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runCli, startCli } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'

const SERVICE = {
  'serverless.yml': `
service: fail
provider: { name: aws, runtime: nodejs24.x }
functions: { one: { handler: h.handler } }
`,
  'h.mjs': 'export const handler = async () => 1',
}

describe('Failpoints of a server', () => {
  test('in production keep the server from starting, with exit code 2', async (t) => {
    const folder = makeFolder(SERVICE)
    const env = { SPILLWAY_FAIL: 'after_mark:kill', NODE_ENV: 'production' }
    const { exit, stderr } = await runCli(t, ['start', folder], { env })
    assert.equal(exit, 2)
    assert.match(stderr, /^spillway: SPILLWAY_FAIL makes environments fail on purpose/)
  })

  test('under test reach the environments', async (t) => {
    const folder = makeFolder(SERVICE)
    const env = { SPILLWAY_FAIL: 'after_mark:kill', SPILLWAY_TEST: '1' }
    const server = await startCli(t, ['start', folder], { env })
    const url = `${server.aws}/2015-03-31/functions/fail-dev-one/invocations`
    const response = await fetch(url, { method: 'POST' })
    assert.match(await response.text(), /signal: killed/)
    assert.equal(response.headers.get('x-spillway-handler-started'), '1')
  })
})
