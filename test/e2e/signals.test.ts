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
  one: { handler: h.nap, events: [{ httpApi: GET /one }] }
  stubborn: { handler: h.stubborn, events: [{ httpApi: GET /stubborn }] }
  loop: { handler: h.loop, events: [{ httpApi: GET /loop }] }
`,
  'h.mjs': `
export const nap = async () => { await new Promise((resolve) => setTimeout(resolve, 1000)); return 'well' }
export const loop = async () => { for (;;); }
let told = false
export const stubborn = async ({ queryStringParameters }) => {
  if (!told) process.on('SIGTERM', () => console.log('asked to end'))
  told = true
  if (queryStringParameters?.brief) return 'well'
  await new Promise((resolve) => setTimeout(resolve, 60_000))
}
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

  test('is not ready first, and serves as before while load balancers notice', async (t) => {
    const server = await startCli(t, ['start', makeFolder(FILES), '--pre-stop-delay', '20s'])
    const exit = server.stop()
    await until('that it is not ready', async () => {
      return (await fetch(`${server.admin}/readyz`)).status === 503
    })
    const served = await fetch(`${server.api}/nap`)
    assert.deepEqual([served.status, await served.text()], [200, 'well'])
    assert.equal(served.headers.get('connection'), 'close')
    process.kill(server.pid, 'SIGTERM')
    assert.equal(await exit, 143)
  })

  test('tells who comes while others finish to go elsewhere, in the words of each door', async (t) => {
    const server = await startCli(t, ['start', makeFolder(FILES)])
    const running = fetch(`${server.api}/loop`).then(
      ({ status }) => status,
      () => 'cut off',
    )
    await until('the loop', () => environmentsOf(server.pid).length > 0)
    const exit = server.stop()
    await until('that it is not ready', async () => {
      return (await fetch(`${server.admin}/readyz`)).status === 503
    })
    const refused = await fetch(`${server.api}/nap`)
    assert.deepEqual(
      [refused.status, await refused.text(), factsOf(refused)],
      [503, '{"message":"Service Unavailable"}', ['0', 'platform', '1', 'close']],
    )
    const url = `${server.aws}/2015-03-31/functions/ending-dev-nap/invocations`
    const invoked = await fetch(url, { method: 'POST', body: '{}' })
    assert.deepEqual([invoked.status, factsOf(invoked)], [503, ['0', 'platform', '1', 'close']])
    assert.deepEqual(await invoked.json(), {
      Type: 'Service',
      Message: 'this node is stopping; send it to another',
    })
    process.kill(server.pid, 'SIGTERM')
    assert.equal(await exit, 143)
    assert.equal(await running, 'cut off')
  })

  test('interrupts what runs over its time: asked first, then ended, and told to its caller', async (t) => {
    const server = await startCli(t, ['start', makeFolder(FILES), '--drain-timeout', '300ms'])
    // Its handler of SIGTERM is there before the one that drags on.
    await fetch(`${server.api}/stubborn?brief=1`)
    const overdue = fetch(`${server.api}/stubborn`)
    await until('its start', async () => {
      const metrics = await (await fetch(`${server.admin}/metrics`)).text()
      return metrics.includes('spillway_concurrency{function="ending-dev-stubborn"} 1')
    })
    const asked = server.line(/asked to end/)
    const exit = server.stop()
    const answer = await overdue
    assert.deepEqual([answer.status, answer.headers.get('x-spillway-handler-started')], [500, '1'])
    assert.equal(answer.headers.get('x-spillway-error-class'), 'platform')
    await asked
    assert.equal(await exit, 143)
  })

  test('answers who waits for a limit once its time is over', async (t) => {
    const files = {
      ...FILES,
      'spillway.yml': 'functions: { loop: { maxConcurrency: 1, maxWait: 20s } }\n',
    }
    const server = await startCli(t, ['start', makeFolder(files), '--drain-timeout', '300ms'])
    const first = fetch(`${server.api}/loop`)
    await until('the loop', () => environmentsOf(server.pid).length > 0)
    const second = fetch(`${server.api}/loop`)
    await until('its wait', async () => {
      const metrics = await (await fetch(`${server.admin}/metrics`)).text()
      return /^spillway_waiting\{function="ending-dev-loop",.*\} 1$/m.test(metrics)
    })
    const exit = server.stop()
    const answers = await Promise.all([first, second])
    assert.deepEqual(
      answers.map((answer) => [answer.status, factsOf(answer)[0]]),
      [
        [500, '1'],
        [503, '0'],
      ],
    )
    assert.equal(await exit, 143)
  })
})

/** Whether the handler began, whose failure it was, and what is to be done. */
function factsOf({ headers }: Response): (string | null)[] {
  return [
    headers.get('x-spillway-handler-started'),
    headers.get('x-spillway-error-class'),
    headers.get('retry-after'),
    headers.get('connection'),
  ]
}
