import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { AsyncEvent } from '../../../src/invoke/async/event.ts'
import type { DestinationEvent } from '../../../src/invoke/async/destinations.ts'
import type { App } from '../../../src/model/app.ts'
import type { AsyncConfig } from '../../../src/model/background.ts'
import type { LimitsConfig } from '../../../src/model/limits.ts'
import type { NewMessage } from '../../../src/queue/queue.ts'
import { openSources, type Sources } from '../../../src/sources/open-sources.ts'
import { openRig, type Rig } from '../../runtime/rig.ts'
import type { EmbeddedQueues } from '../../../src/queue/embedded/embedded.ts'
import { openQueues } from '../../support/queues.ts'
import { jumpClock, type JumpClock } from '../../support/jump-clock.ts'

/** Functions in real processes, and events for them. Time can be set forward. */
export interface AsyncRig extends Rig {
  readonly sources: Sources
  readonly queues: EmbeddedQueues
  readonly clock: JumpClock
  readonly troubles: string[]
  readonly published: [topic: string, NewMessage][]
  readonly put: [bus: string, DestinationEvent][]
  accept(event: unknown, more?: Partial<AsyncEvent>): Promise<boolean>
  /** `[payload, request id]` of each call so far. */
  calls(): [unknown, string][]
  limit(limits: Partial<LimitsConfig>): void
}

export const WORKER = 'worker'
export const ARN = `arn:aws:lambda:us-east-1:123456789012:function:${WORKER}`

export function queueArn(name: string): string {
  return `arn:aws:sqs:us-east-1:123456789012:${name}`
}

const HANDLER = `
const { appendFileSync, existsSync } = require('node:fs')
const { join } = require('node:path')
const at = (name) => join(process.env.FOLDER, name)
exports.handler = async (event, { awsRequestId }) => {
  appendFileSync(at('calls'), JSON.stringify([event, awsRequestId]) + '\\n')
  if (event.fail) throw new Error('boom')
  if (event.exit) process.exit(1)
  if (event.kill) process.kill(process.pid, 'SIGKILL'), await new Promise(() => {})
  while (event.hold && !existsSync(at(event.hold))) await new Promise((done) => setTimeout(done, 5))
  return { ok: 1 }
}
`

export async function openAsyncRig(
  t: TestContext,
  config: Partial<AsyncConfig> = {},
  limits: Partial<LimitsConfig> = {},
): Promise<AsyncRig> {
  const rig = openRig(t, {
    functions: [{ name: WORKER }, { name: 'next' }],
    files: { 'index.js': HANDLER, calls: '' },
  })
  const clock = jumpClock()
  const queues = await openQueues(t, { good: {}, bad: {}, dead: {} }, clock)
  const asyncConfig: AsyncConfig = {
    retryAttempts: 2,
    eventAgeMaxMs: 21_600_000,
    delivery: 'at-least-once',
    ...config,
  }
  const app: App = {
    ...rig.app,
    background: {
      queues: [],
      queueSources: [],
      schedules: [],
      rules: [],
      subscriptions: [],
      bucketNotifications: [],
      asyncConfigs: { [WORKER]: asyncConfig },
    },
  }
  const troubles: string[] = []
  const published: [string, NewMessage][] = []
  const put: [string, DestinationEvent][] = []
  const sources = openSources({
    invoker: rig.invoker,
    queues,
    events: queues,
    clock,
    limits: () => rig.gate.config,
    visibilityTimeoutMs: () => 30_000,
    openQueue: async (name) => void (await queues.define(name, { attributes: {}, tags: {} })),
    existing: [],
    doors: {
      publish: async (topic, message) => void published.push([topic, message]),
      putEvent: async (bus, event) => void put.push([bus, event]),
    },
    onLimits: () => {},
    onTrouble: (sentence) => troubles.push(sentence),
  })
  t.after(() => sources.stop())
  sources.configure(app)
  const limit = (more: Partial<LimitsConfig>): void => {
    rig.gate.configure({ ...rig.app.limits, ...more })
  }
  limit(limits)
  return {
    ...rig,
    app,
    sources,
    queues,
    clock,
    troubles,
    published,
    put,
    limit,
    calls: () => callsIn(rig.folder),
    accept: (event, more) =>
      sources.async.accept({
        requestId: crypto.randomUUID(),
        functionName: WORKER,
        payload: JSON.stringify(event),
        source: 'event',
        invokedArn: ARN,
        executedVersion: '$LATEST',
        traceId: '',
        ...more,
      }),
  }
}

function callsIn(folder: string): [unknown, string][] {
  const lines = readFileSync(join(folder, 'calls'), 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as [unknown, string])
}
