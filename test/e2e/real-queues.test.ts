import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { describe, test, type TestContext } from 'node:test'
import { startCli, type Server } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

const QUEUE = 'arn:aws:sqs:us-east-1:123456789012:orders'
const KEYS = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' }

/** Another server plays SQS: it has a queue, and nobody there takes from it. */
async function startSqs(t: TestContext): Promise<{ url: string; client: SQSClient }> {
  const folder = makeFolder({
    'serverless.yml': `
service: sqs
provider: { name: aws, runtime: nodejs24.x }
functions: { none: { handler: h.handler } }
resources: { Resources: { Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } } } }
`,
    'h.mjs': 'export const handler = async () => {}',
  })
  const server = await startCli(t, ['start', folder, '--data-dir', join(folder, '.spillway')])
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
  const client = new SQSClient({ endpoint: server.aws, region: 'us-east-1', credentials })
  t.after(() => client.destroy())
  return { url: server.aws, client }
}

interface Worker extends Server {
  readonly bodies: () => string[]
}

async function startWorker(
  t: TestContext,
  command: 'dev' | 'start',
  sqsUrl: string,
): Promise<Worker> {
  const folder = makeFolder({
    'serverless.yml': `
service: worker
provider: { name: aws, runtime: nodejs24.x, environment: { FOLDER: '\${env:FOLDER}' } }
functions: { work: { handler: h.handler, events: [{ sqs: ${QUEUE} }] } }
`,
    'spillway.yml': 'queues: aws',
    'h.mjs': `
import { appendFileSync } from 'node:fs'
export const handler = async ({ Records }) => {
  for (const { body } of Records) appendFileSync(process.env.FOLDER + '/bodies', body + '\\n')
}`,
    bodies: '',
  })
  const env = { ...KEYS, FOLDER: folder, AWS_ENDPOINT_URL_SQS: sqsUrl }
  const server = await startCli(t, [command, folder, '--data-dir', join(folder, '.spillway')], {
    env,
  })
  const bodies = (): string[] =>
    readFileSync(join(folder, 'bodies'), 'utf8').split('\n').filter(Boolean)
  return { ...server, bodies }
}

async function visible(client: SQSClient, url: string): Promise<string | undefined> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: `${url}/123456789012/orders`,
    AttributeNames: ['ApproximateNumberOfMessages'],
  })
  return (await client.send(command)).Attributes?.['ApproximateNumberOfMessages']
}

describe('queues: aws', () => {
  test('has start take messages from SQS, after it has said of which account and queue', async (t) => {
    const { url, client } = await startSqs(t)
    const QueueUrl = `${url}/123456789012/orders`
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }))
    const worker = await startWorker(t, 'start', url)
    const line = await worker.line(/messages are taken from SQS/)
    assert.ok(line.includes(`in account 123456789012: ${QUEUE}`), line)
    await until('the message to be handled', () => worker.bodies().length > 0)
    assert.deepEqual(worker.bodies(), ['one'])
    await until('it to be deleted', async () => (await visible(client, url)) === '0')
  })

  test('has dev touch nothing of AWS, and say so', async (t) => {
    const { url, client } = await startSqs(t)
    const QueueUrl = `${url}/123456789012/orders`
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }))
    const worker = await startWorker(t, 'dev', url)
    await worker.line(/`dev` has queues of its own, and touches none in AWS/)
    // Its own queue of that name works, all the while.
    const credentials = { accessKeyId: 'any', secretAccessKey: 'any' }
    const own = new SQSClient({ endpoint: worker.aws, region: 'us-east-1', credentials })
    t.after(() => own.destroy())
    const ownUrl = `${worker.aws}/123456789012/orders`
    await own.send(new SendMessageCommand({ QueueUrl: ownUrl, MessageBody: 'own' }))
    await until('its own message to be handled', () => worker.bodies().length > 0)
    assert.deepEqual(worker.bodies(), ['own'])
    assert.equal(await visible(client, url), '1')
  })
})
