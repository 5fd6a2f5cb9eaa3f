import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCli } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'

/** The SDK that this repository has: on Lambda the runtime brings one. */
const SDK = import.meta.resolve('@aws-sdk/client-lambda')

const FILES = {
  'serverless.yml': `
service: nested
provider: { name: aws, runtime: nodejs24.x, timeout: 20 }
functions:
  outer: { handler: handlers.outer, events: [{ httpApi: GET /outer }] }
  inner: { handler: handlers.inner }
`,
  'spillway.yml': 'account: { maxConcurrency: 1 }',
  'handlers.mjs': `
import { InvokeCommand, LambdaClient } from '${SDK}'
const client = new LambdaClient({ maxAttempts: 1 })
export const inner = async () => 'done'
export const outer = async () => {
  try {
    await client.send(new InvokeCommand({ FunctionName: 'nested-dev-inner' }))
    return 'the inner one ran'
  } catch (error) {
    return error.name
  }
}
`,
}

test('a function that waits for a slot which only its own end would free is told so', async (t) => {
  const { api, admin } = await startCli(t, ['dev', makeFolder(FILES)])
  const answer = await fetch(`${api}/outer`)
  assert.equal(await answer.text(), 'TooManyRequestsException')
  const metrics = await (await fetch(`${admin}/metrics`)).text()
  assert.match(
    metrics,
    /^spillway_throttles_total\{function="nested-dev-inner",reason="account",limit="account",why="nested"\} 1$/m,
  )
})
