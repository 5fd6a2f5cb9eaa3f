import assert from 'node:assert/strict'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startCli } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

/** An application as it is deployed: nothing in it says where SQS is. */
const FILES = {
  'serverless.yml': `
service: app
provider: { name: aws, runtime: nodejs24.x, timeout: 20 }
functions:
  order:
    handler: h.order
    environment: { QUEUE_URL: !Ref Orders }
    events: [{ httpApi: POST /order }]
  ship:
    handler: h.ship
    environment: { FOLDER: '\${env:FOLDER}' }
    events: [{ sqs: { arn: !GetAtt Orders.Arn, functionResponseType: ReportBatchItemFailures } }]
    destinations: { onFailure: !GetAtt Told.Arn }
  fails: { handler: h.fails, maximumRetryAttempts: 0, destinations: { onFailure: order } }
resources:
  Resources:
    Orders: { Type: AWS::SQS::Queue }
    Told: { Type: AWS::SQS::Queue, Properties: { QueueName: told } }
`,
  'h.mjs': `
import { appendFileSync } from 'node:fs'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
const sqs = new SQSClient({})
const send = (body) => sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: body }))
export const order = async (event) => {
  const { MessageId } = await send(event.body ?? JSON.stringify({ failed: event.requestPayload.id }))
  return { statusCode: 202, body: MessageId }
}
export const ship = async ({ Records }) => {
  for (const { body, messageId } of Records) appendFileSync(process.env.FOLDER + '/shipped', body + ' ' + messageId + '\\n')
  return { batchItemFailures: [] }
}
export const fails = async () => { throw new Error('no') }
`,
  'spillway.yml': 'credentials: inherit',
  shipped: '',
}

/** The SDK signs with something, whoever checks it. */
const KEYS = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' }

describe('An application that uses queues with the AWS SDK', () => {
  for (const command of ['dev', 'start'] as const) {
    test(`works as it is (${command})`, async (t) => {
      const folder = makeFolder(FILES)
      symlinkSync(join(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'))
      const dataDir = join(folder, '.spillway')
      const args = [command, folder, '--data-dir', dataDir] as const
      const server = await startCli(t, args, { env: { FOLDER: folder, ...KEYS } })
      const atLeast = (count: number): string[] | undefined => {
        const lines = readFileSync(join(folder, 'shipped'), 'utf8').split('\n').filter(Boolean)
        return lines.length < count ? undefined : lines
      }
      const answer = await fetch(`${server.api}/order`, { method: 'POST', body: 'one' })
      const messageId = await answer.text()
      assert.equal(answer.status, 202, messageId)
      assert.deepEqual(await until('the order to be shipped', () => atLeast(1)), [
        `one ${messageId}`,
      ])
      const event = await fetch(`${server.aws}/2015-03-31/functions/app-dev-fails/invocations`, {
        method: 'POST',
        headers: { 'x-amz-invocation-type': 'Event' },
        body: '{"id":7}',
      })
      assert.equal(event.status, 202)
      const [, second] = await until('what failed to be shipped, too', () => atLeast(2))
      assert.match(second ?? '', /^\{"failed":7\} /)
    })
  }
})
