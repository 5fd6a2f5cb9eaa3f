import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { runCli, startCli, type Server } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

const MANIFEST = `
service: shop
provider: { name: aws, runtime: nodejs24.x }
functions: { hello: { handler: h.handler } }
resources:
  Resources:
    Leads:
      Type: AWS::SQS::Queue
      Properties: { QueueName: leads, VisibilityTimeout: TIMEOUT }
`

function rig(t: TestContext) {
  const folder = makeFolder({
    'serverless.yml': MANIFEST.replace('TIMEOUT', '60'),
    'later/serverless.yml': MANIFEST.replace('TIMEOUT', '70'),
    'h.js': 'exports.handler = async () => {}',
    'later/h.js': 'exports.handler = async () => {}',
  })
  const data = join(makeFolder(), '.spillway')
  const args = (path = ''): string[] => [join(folder, path), '--data-dir', data]
  return {
    args,
    start: async (path = ''): Promise<Server> => await startCli(t, ['start', ...args(path)]),
  }
}

async function call({ aws }: Server, op: string, params: object): Promise<Record<string, unknown>> {
  const response = await fetch(aws, {
    method: 'POST',
    headers: { 'x-amz-target': `AmazonSQS.${op}`, 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ QueueUrl: `${aws}/123456789012/leads`, ...params }),
  })
  assert.equal(response.status, 200, op)
  return (await response.json()) as Record<string, unknown>
}

async function visibilityTimeout(server: Server): Promise<string | undefined> {
  const params = { AttributeNames: ['VisibilityTimeout'] }
  const { Attributes } = await call(server, 'GetQueueAttributes', params)
  return (Attributes as Record<string, string>)['VisibilityTimeout']
}

describe('The built server', () => {
  test('has after kill -9 what it acknowledged, and the manifest’s new attributes', async (t) => {
    const { start } = rig(t)
    const first = await start()
    assert.equal(await visibilityTimeout(first), '60')
    await call(first, 'SendMessage', { MessageBody: 'kept' })
    process.kill(first.pid, 'SIGKILL')
    await until('its end', () => !first.isUp())
    const second = await start('later')
    assert.equal(await visibilityTimeout(second), '70')
    const { Messages } = await call(second, 'ReceiveMessage', {})
    assert.deepEqual(
      (Messages as { Body: string }[]).map(({ Body }) => Body),
      ['kept'],
    )
  })

  test('does not start on the queues of another, and says whose they are', async (t) => {
    const { start, args } = rig(t)
    const { pid } = await start()
    const ports = ['--port', '0', '--aws-port', '0', '--admin-port', '0']
    const { exit, stderr } = await runCli(t, ['start', ...args(), ...ports])
    assert.equal(exit, 2)
    assert.match(stderr, new RegExp(`is in use by .*\\(pid ${pid}\\); give each its own`))
  })
})
