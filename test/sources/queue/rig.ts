import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createMappings, withSources, type Mappings } from '../../../src/sources/queue/mappings.ts'
import { realClock } from '../../../src/lib/clock.ts'
import type { App } from '../../../src/model/app.ts'
import type { QueueSource } from '../../../src/model/background.ts'
import type { LimitsConfig } from '../../../src/model/limits.ts'
import { openRig, type Rig, type RigOptions } from '../../runtime/rig.ts'
import { memoryQueues, type MemoryQueue, type MemoryQueues } from '../memory-queues.ts'

/** Functions in real processes behind a real gate, with queues before them. */
export interface QueueRig extends Rig {
  readonly queues: MemoryQueues
  readonly mappings: Mappings
  readonly troubles: string[]
  /** What the function was called with, in the order of the calls. */
  calls(): Record<string, unknown>[]
}

export interface QueueRigOptions extends RigOptions {
  readonly handler?: string
  readonly queues?: Readonly<Record<string, MemoryQueue>>
  readonly limits?: Partial<LimitsConfig>
  readonly sources: readonly (Partial<QueueSource> & { readonly queueArn: string })[]
}

export const FUNCTION = 'worker'

export function arnOf(queue: string): string {
  return `arn:aws:sqs:us-east-1:123456789012:${queue}`
}

/** Writes down what it is called with, then does as the given body says with `Records` and `bodies`. */
function handlerOf(body: string): string {
  return `
const { appendFileSync, readFileSync, existsSync } = require('node:fs')
const { join } = require('node:path')
const { setTimeout: after } = require('node:timers/promises')
const at = (name) => join(process.env.FOLDER, name)
exports.handler = async (event) => {
  appendFileSync(at('calls'), JSON.stringify(event) + '\\n')
  const Records = event.Records ?? []
  const bodies = Records.map(({ body }) => body)
  ${body}
}
`
}

export function openQueueRig(t: TestContext, options: QueueRigOptions): QueueRig {
  const { handler = '', sources, limits = {}, files, functions = [{ name: FUNCTION }] } = options
  const rig = openRig(t, {
    ...options,
    functions,
    files: { 'index.js': handlerOf(handler), calls: '', ...files },
  })
  const queues = memoryQueues(realClock, options.queues)
  const troubles: string[] = []
  const app: App = {
    ...rig.app,
    limits: { ...rig.app.limits, ...limits },
    background: {
      queues: [],
      schedules: [],
      rules: [],
      subscriptions: [],
      bucketNotifications: [],
      asyncConfigs: {},
      queueSources: sources.map((given) => ({
        name: `${FUNCTION}/${given.queueArn.split(':').at(-1)}`,
        functionName: FUNCTION,
        enabled: true,
        batchSize: 10,
        windowMs: 0,
        partialFailures: false,
        filterPatterns: [],
        place: { file: 'serverless.yml', line: 1, column: 1 },
        ...given,
      })),
    },
  }
  const mappings = createMappings({
    invoker: rig.invoker,
    queues,
    clock: realClock,
    visibilityTimeoutMs: (queue) => options.queues?.[queue]?.visibilityTimeoutMs ?? 30_000,
    onLimits: () => rig.gate.configure(withSources(app.limits, mappings)),
    onTrouble: (sentence) => troubles.push(sentence),
  })
  t.after(async () => {
    await mappings.stop()
  })
  mappings.configure(app)
  rig.gate.configure(withSources(app.limits, mappings))
  return { ...rig, queues, mappings, troubles, calls: () => callsIn(rig.folder) }
}

function callsIn(folder: string): Record<string, unknown>[] {
  const text = readFileSync(join(folder, 'calls'), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
