import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Background } from '../../src/model/app.ts'
import { until } from '../support/until.ts'
import { appOf } from './app.ts'
import { NotBuilt, type Case, type Json } from './cases.ts'
import { LEAVES_EVENT } from './left-event.ts'
import { match } from './match.mjs'
import type { Rig } from './rig.ts'
import { send, type WireRequest } from './wire.ts'

const FUNCTION = 'told'
const PLACE = { file: 'case', line: 1, column: 1 }

/** What an application says of a source, and the request that has it tell something. */
interface Source {
  readonly background: Partial<Background>
  readonly request: WireRequest
}

/** Kind `source-event`: what does a function receive of what is published, or happens in a bucket? */
export async function playSourceEvent(rig: Rig, { input, expected }: Case): Promise<string[]> {
  const { event, ...rest } = expected
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw new NotBuilt(`expected ${unknown}`)
  const { background, request } = sourceOf(input)
  const taskRoot = rig.folder(FUNCTION, { 'index.js': LEAVES_EVENT })
  const file = join(taskRoot, 'event.json')
  rmSync(file, { force: true })
  const app = appOf([{ name: FUNCTION, taskRoot }])
  rig.spillway.reload({ ...app, background: { ...NOTHING, ...background } })
  const { status, body } = await send(rig.spillway.urls.aws ?? '', request)
  if (status !== 200) return [`the answer was ${status} ${body.toString().slice(0, 200)}`]
  await until('the event', () => existsSync(file))
  return match(event, JSON.parse(readFileSync(file, 'utf8')), {}, '/event')
}

const NOTHING: Background = {
  queues: [],
  queueSources: [],
  schedules: [],
  rules: [],
  subscriptions: [],
  bucketNotifications: [],
  asyncConfigs: {},
}

function sourceOf(input: Json): Source {
  switch (input.source) {
    case 's3':
      return bucketOf(input)
    case 'sns':
      return topicOf(input)
    default:
      throw new NotBuilt(`source ${input.source}`)
  }
}

/** As an object store posts it. */
function bucketOf({ bucket, key, size, event, configurationId }: Json): Source {
  const record = {
    eventName: `s3:${event}`,
    eventTime: new Date().toISOString(),
    s3: {
      configurationId,
      bucket: { name: bucket },
      object: {
        key: encodeURIComponent(key),
        size,
        eTag: 'd41d8cd9',
        sequencer: '0055AED6DCD90281E5',
      },
    },
  }
  const notification = {
    bucket,
    functionName: FUNCTION,
    events: [`s3:${event}`],
    prefix: '',
    suffix: '',
    place: PLACE,
  }
  return {
    background: { bucketNotifications: [notification] },
    request: {
      method: 'POST',
      target: '/_spillway/s3',
      headers: [['Content-Type', 'application/json']],
      body: JSON.stringify({ Records: [record] }),
    },
  }
}

/** In the Query protocol, as all SDKs speak it to SNS. */
function topicOf({ topic, message, subject, attributes = {} }: Json): Source {
  const entries = Object.entries<Json>(attributes).flatMap(([name, { Type, Value }], at) => {
    const entry = `MessageAttributes.entry.${at + 1}`
    return [
      [`${entry}.Name`, name],
      [`${entry}.Value.DataType`, Type],
      [`${entry}.Value.StringValue`, Value],
    ] as [string, string][]
  })
  const params = new URLSearchParams([
    ['Action', 'Publish'],
    ['Version', '2010-03-31'],
    ['TopicArn', `arn:aws:sns:us-east-1:123456789012:${topic}`],
    ['Message', message],
    ...(subject === undefined ? [] : [['Subject', subject] as [string, string]]),
    ...entries,
  ])
  return {
    background: {
      subscriptions: [
        {
          topic,
          target: { functionName: FUNCTION },
          filterScope: 'MessageAttributes',
          rawDelivery: false,
          place: PLACE,
        },
      ],
    },
    request: {
      method: 'POST',
      target: '/',
      headers: [['Content-Type', 'application/x-www-form-urlencoded']],
      body: params.toString(),
    },
  }
}
