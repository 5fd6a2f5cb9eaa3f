import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs'
import type { App, Background } from '../../src/model/app.ts'
import type { QueueDefinition } from '../../src/model/background.ts'
import { until } from '../support/until.ts'
import { ACCOUNT_ID, appOf, REGION, type CaseFunction } from './app.ts'
import type { Json } from './cases.ts'

const PLACE = { file: 'case', line: 1, column: 1 }

/** An app of these functions that has queues, mappings or rules. */
export function backgroundApp(
  functions: readonly CaseFunction[],
  background: Partial<Background>,
): App {
  return {
    ...appOf(functions),
    background: {
      queues: [],
      queueSources: [],
      schedules: [],
      rules: [],
      subscriptions: [],
      bucketNotifications: [],
      asyncConfigs: {},
      ...background,
    },
  }
}

export function queueNamed(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): QueueDefinition {
  const fifo: Record<string, string> = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {}
  return { name, service: 'case', place: PLACE, attributes: { ...fifo, ...attributes }, tags: {} }
}

export function queueArnOf(name: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:${name}`
}

/** AWS's own SDK, before the queues of a rig. */
export interface SqsDoor {
  send(queue: string, message: Json): Promise<string>
  /** Resolves once nothing is in it, seen or unseen. */
  empty(queue: string): Promise<void>
  /** The next message, with all its attributes. */
  receive(queue: string): Promise<Message>
  close(): void
}

export function openSqs(endpoint: string): SqsDoor {
  const client = new SQSClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const urlOf = (queue: string): string => `${endpoint}/${ACCOUNT_ID}/${queue}`
  return {
    async send(queue, message) {
      const command = new SendMessageCommand({ QueueUrl: urlOf(queue), ...message })
      return (await client.send(command)).MessageId ?? ''
    },
    async empty(queue) {
      const names = [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
      ] as const
      await until(`${queue} to be empty`, async () => {
        const command = new GetQueueAttributesCommand({
          QueueUrl: urlOf(queue),
          AttributeNames: [...names],
        })
        const { Attributes = {} } = await client.send(command)
        return names.every((name) => Attributes[name] === '0')
      })
    },
    async receive(queue) {
      return await until(`a message in ${queue}`, async () => {
        const command = new ReceiveMessageCommand({
          QueueUrl: urlOf(queue),
          WaitTimeSeconds: 1,
          MessageAttributeNames: ['All'],
        })
        return (await client.send(command)).Messages?.[0]
      })
    },
    close: () => client.destroy(),
  }
}

/** What a handler of a case has appended to a file of its folder, one JSON a line. */
export function linesIn(folder: string, name: string): Json[] {
  const path = join(folder, name)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}
