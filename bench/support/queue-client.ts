import {
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda'
import { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'

/** A queue of a running server and the one mapping that takes from it, through AWS's SDKs. */
export interface QueueClient {
  fill(messages: number): Promise<void>
  /** Has the mapping take messages, or leave them. */
  setEnabled(enabled: boolean): Promise<void>
  untilEmpty(): Promise<void>
  close(): void
}

const SENDERS = 8
const BATCH = 10
const LOOK_EVERY_MS = 50

export async function openQueueClient(endpoint: string, queue: string): Promise<QueueClient> {
  const options = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  const sqs = new SQSClient(options)
  const lambda = new LambdaClient(options)
  const QueueUrl = `${endpoint}/123456789012/${queue}`
  const listed = await lambda.send(new ListEventSourceMappingsCommand({}))
  const UUID = listed.EventSourceMappings?.find(({ EventSourceArn = '' }) =>
    EventSourceArn.endsWith(`:${queue}`),
  )?.UUID
  if (UUID === undefined) throw new Error(`nothing takes messages from ${queue}`)
  return {
    async fill(messages) {
      let left = messages
      const send = async (): Promise<void> => {
        while (left > 0) {
          const count = Math.min(BATCH, left)
          left -= count
          const Entries = Array.from({ length: count }, (_, i) => ({
            Id: `${i}`,
            MessageBody: `message ${left + i}`,
          }))
          await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
        }
      }
      await Promise.all(Array.from({ length: SENDERS }, send))
    },
    async setEnabled(Enabled) {
      await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }))
    },
    async untilEmpty() {
      const names = [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
      ] as const
      for (;;) {
        const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] })
        const { Attributes = {} } = await sqs.send(command)
        if (names.every((name) => Attributes[name] === '0')) return
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
      }
    },
    close() {
      sqs.destroy()
      lambda.destroy()
    },
  }
}
