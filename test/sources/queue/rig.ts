import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { queueNameOf } from '../../../src/sources/queue/mapping.ts'
import { createMappings, withSources, type Mappings } from '../../../src/sources/queue/mappings.ts'
import { realClock } from '../../../src/lib/clock.ts'
import type { App } from '../../../src/model/app.ts'
import type { QueueSource } from '../../../src/model/background.ts'
import type { LimitsConfig } from '../../../src/model/limits.ts'
import { openRig, type Rig, type RigOptions } from '../../runtime/rig.ts'
import type { EmbeddedQueues } from '../../../src/queue/embedded/embedded.ts'
import type { Queues } from '../../../src/queue/queue.ts'
import { openQueues } from '../../support/queues.ts'
import { until } from '../../support/until.ts'

/** Functions in real processes behind a real gate, with queues before them. */
export interface QueueRig extends Rig {
  readonly queues: EmbeddedQueues
  readonly mappings: Mappings
  readonly troubles: string[]
  /** What the function was called with, in the order of the calls. */
  calls(): Record<string, unknown>[]
}

export interface QueueRigOptions extends RigOptions {
  readonly handler?: string
  /** Their attributes, by name. */
  readonly queues?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Has mappings see the queues as this makes them. */
  readonly through?: (queues: Queues) => Queues
  readonly limits?: Partial<LimitsConfig>
  readonly sources: readonly (Partial<QueueSource> & { readonly queueArn: string })[]
}

export const FIFO = { FifoQueue: 'true', ContentBasedDeduplication: 'true' }

export const FUNCTION = 'worker'

export function arnOf(queue: string): string {
  return `arn:aws:sqs:us-east-1:123456789012:${queue}`
}

/** Once received it is dead: the next time it is looked at it goes to the queue `dead`. */
export function redrive(maxReceiveCount: number, to = 'dead'): Record<string, string> {
  return {
    VisibilityTimeout: '0',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(to), maxReceiveCount }),
  }
}

/** Resolves once a queue has nothing, seen or unseen. */
export async function untilEmpty({ queues }: QueueRig, queue: string): Promise<void> {
  await until(`${queue} to be empty`, async () => {
    const { visible, inFlight, delayed } = await queues.counts(queue)
    return visible + inFlight + delayed === 0
  })
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

export async function openQueueRig(t: TestContext, options: QueueRigOptions): Promise<QueueRig> {
  const {
    handler = '',
    sources,
    limits = {},
    files,
    functions = [{ name: FUNCTION, memoryMb: 512 }],
  } = options
  const rig = openRig(t, {
    ...options,
    functions,
    files: { 'index.js': handlerOf(handler), calls: '', ...files },
  })
  const names = sources.map(({ queueArn }) => queueNameOf(queueArn))
  const plain = names.map((name) => [name, name.endsWith('.fifo') ? FIFO : {}])
  const queues = await openQueues(t, { ...Object.fromEntries(plain), ...options.queues })
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
    queues: options.through?.(queues) ?? queues,
    clock: realClock,
    visibilityTimeoutMs: (queue) =>
      Number(options.queues?.[queue]?.['VisibilityTimeout'] ?? 30) * 1000,
    onLimits: () => rig.gate.configure(withSources(app.limits, mappings)),
    onTrouble: (sentence) => troubles.push(sentence),
  })
  t.after(() => mappings.stop())
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
