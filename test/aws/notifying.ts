import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Fire } from '../../src/bus/fire.ts'
import { createNotifications } from '../../src/bus/notifications.ts'
import { realClock } from '../../src/lib/clock.ts'
import type { Background } from '../../src/model/app.ts'
import type { Received } from './send.ts'
import { appOf, okOutcome, serveAws } from './serve.ts'

const PLACE = { file: 'serverless.yml', line: 1, column: 1 }
export const TOPIC = 'arn:aws:sns:us-east-1:123456789012:t'

const BACKGROUND: Background = {
  queues: [],
  queueSources: [],
  schedules: [],
  rules: [
    {
      name: 'r',
      bus: 'default',
      pattern: '{"source":["shop"]}',
      functionName: 'f',
      enabled: true,
      place: PLACE,
    },
    {
      name: 'r',
      bus: 'orders',
      pattern: '{"source":[{"prefix":""}]}',
      functionName: 'ordered',
      enabled: true,
      place: PLACE,
    },
  ],
  topics: [
    { name: 'content.fifo', contentBasedDeduplication: true, place: PLACE },
    { name: 'plain.fifo', contentBasedDeduplication: false, place: PLACE },
  ],
  subscriptions: [
    {
      topic: 't',
      target: { functionName: 'f' },
      filterScope: 'MessageAttributes',
      rawDelivery: false,
      place: PLACE,
    },
  ],
  bucketNotifications: [
    {
      bucket: 'photos',
      functionName: 'f',
      events: ['s3:ObjectCreated:*'],
      prefix: 'in/',
      suffix: '',
      place: PLACE,
    },
  ],
  asyncConfigs: {},
}

/** The AWS endpoint on a socket, with what it has functions run for. */
export interface Rig {
  readonly fired: { readonly functionName: string; readonly event: Record<string, unknown> }[]
  readonly errors: unknown[]
  readonly events: (operation: string, input: unknown) => Promise<Received>
  readonly sns: (params: Readonly<Record<string, string>>) => Promise<Received>
  readonly s3: (body: unknown, method?: string) => Promise<Received>
}

export async function rigOf(t: TestContext, fire: Fire = async () => {}): Promise<Rig> {
  const fired: { functionName: string; event: Record<string, unknown> }[] = []
  const notifications = createNotifications({
    clock: realClock,
    fire: async (functionName, json, cause) => {
      await fire(functionName, json, cause)
      fired.push({ functionName, event: JSON.parse(json) as Record<string, unknown> })
    },
  })
  const app = { ...appOf([]), background: BACKGROUND }
  notifications.configure(app)
  const served = await serveAws(t, app, () => okOutcome('1'), { notifications })
  return {
    fired,
    errors: served.errors,
    events: (operation, input) =>
      served.send('/', {
        method: 'POST',
        headers: {
          'x-amz-target': `AWSEvents.${operation}`,
          'content-type': 'application/x-amz-json-1.1',
        },
        body: typeof input === 'string' ? input : JSON.stringify(input),
      }),
    sns: (params) =>
      served.send('/', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: new URLSearchParams({ Version: '2010-03-31', ...params }).toString(),
      }),
    s3: (body, method = 'POST') =>
      served.send('/_spillway/s3', {
        method,
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  }
}

/** The only record of the first event that a function was given. */
export function firstRecord([first]: Rig['fired']): unknown {
  const records = first?.event['Records']
  assert.ok(Array.isArray(records) && records.length === 1)
  return records[0]
}
