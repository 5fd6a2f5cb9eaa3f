import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { describe, test } from 'node:test'
import { startCli } from '../support/cli.ts'
import { environmentsOf, stateOf } from '../support/environments.ts'
import { makeFolder, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

const FILES: Files = {
  'serverless.yml': `
service: ending
provider: { name: aws, runtime: nodejs24.x, timeout: 60 }
functions:
  nap: { handler: h.nap, events: [{ httpApi: GET /nap }] }
  loop: { handler: h.loop, events: [{ httpApi: GET /loop }] }
`,
  'h.mjs': `
export const nap = async () => { await new Promise((resolve) => setTimeout(resolve, 1000)); return 'well' }
export const loop = async () => { for (;;); }
`,
}

/** Calls the function as an AWS SDK would: on a connection that it keeps. */
async function invokeKept(aws: string, agent: Agent): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const url = `${aws}/2015-03-31/functions/ending-dev-nap/invocations`
  request(url, { method: 'POST', agent }, (response) => {
    response.resume().on('end', () => resolve(response.statusCode))
  })
    .on('error', reject)
    .end('{}')
  return await promise
}

describe('A server that is to stop', () => {
  test('waits for what runs, and not for clients that keep their connection', async (t) => {
    const server = await startCli(t, ['start', makeFolder(FILES)])
    const agent = new Agent({ keepAlive: true })
    t.after(() => agent.destroy())
    const answer = invokeKept(server.aws, agent)
    await until('its start', () => environmentsOf(server.pid).length > 0)
    const exit = server.stop()
    assert.equal(await answer, 200)
    // Far below the 30 s for which it would wait for a connection that is in use.
    const late = new Promise((_, reject) =>
      setTimeout(() => reject(new Error('late')), 15_000).unref(),
    )
    assert.equal(await Promise.race([exit, late]), 143)
  })

  test('takes an endless handler along when it is told twice', async (t) => {
    const server = await startCli(t, ['start', makeFolder(FILES)])
    void fetch(`${server.api}/loop`).catch(() => {})
    await until('the loop', () => environmentsOf(server.pid).length > 0)
    const [looping] = environmentsOf(server.pid)
    assert.ok(looping !== undefined)
    void server.stop()
    process.kill(server.pid, 'SIGTERM')
    await until('its end', () => !server.isUp())
    await until('the end of the loop', () => [undefined, 'Z', 'X'].includes(stateOf(looping.pid)))
  })
})
