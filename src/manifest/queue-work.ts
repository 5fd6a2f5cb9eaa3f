import type { Place } from '../lib/errors.ts'
import type { Background } from '../model/app.ts'
import {
  DEFAULT_ASYNC,
  type AsyncConfig,
  type QueueDefinition,
  type QueueSource,
} from '../model/background.ts'
import { toQueueSettings } from '../model/queue-settings.ts'
import { readAsyncConfig } from './async-config.ts'
import type { ServiceBackground } from './causes.ts'
import type { DeclaredFunction } from './functions.ts'
import type { Manifest } from './manifest.ts'
import type { FunctionEvent } from './route.ts'
import { readSqsEvent } from './sqs-event.ts'

/** What a manifest says of queues that functions take from, and of events that nobody waits for. */
export function readQueueWork(
  manifest: Manifest,
  declared: readonly DeclaredFunction[],
  events: readonly FunctionEvent[],
): ServiceBackground {
  const asyncConfigs = declared.flatMap((each): [string, AsyncConfig][] => {
    const config = readAsyncConfig(manifest, each, declared)
    return config === undefined ? [] : [[each.definition.name, config]]
  })
  const queueSources = events
    .filter(({ type }) => type === 'sqs')
    .map(readSqsEvent)
    .filter((source) => source !== undefined)
  checkTwins(manifest, queueSources)
  return { queueSources, asyncConfigs: Object.fromEntries(asyncConfigs) }
}

/** Lambda has one mapping for a queue and a function. */
function checkTwins(manifest: Manifest, sources: readonly QueueSource[]): void {
  const seen = new Map<string, QueueSource>()
  for (const source of sources) {
    const twin = seen.get(source.name)
    if (twin === undefined) seen.set(source.name, source)
    else {
      const { file, line, column } = twin.place
      const message = `expected one sqs event for ${source.name}, got another at ${file}:${line}:${column}`
      manifest.report.error(source.place, message)
    }
  }
}

/**
 * A queue that is taken from, told how events ended or given what failed too often, and declared
 * nowhere, is a queue all the same.
 */
export function withTakenQueues(background: Background): Background {
  const { queues, queueSources, asyncConfigs } = background
  const told = Object.values(asyncConfigs).flatMap(({ onSuccess, onFailure, deadLetter }) =>
    [onSuccess, onFailure, deadLetter].filter((arn) => arn?.split(':')[2] === 'sqs'),
  )
  const named = new Map(queueSources.map(({ queueArn, place }) => [nameOf(queueArn), place]))
  for (const arn of told) {
    const name = nameOf(arn ?? '')
    if (!named.has(name)) named.set(name, NOWHERE)
  }
  for (const { attributes, place } of queues) {
    const target = toQueueSettings(attributes).redrive?.target
    if (target !== undefined && !named.has(target)) named.set(target, place)
  }
  for (const { name } of queues) named.delete(name)
  return { ...background, queues: [...queues, ...[...named].map(queueAt)] }
}

/** A function's settings do not say where each of them is written. */
const NOWHERE: Place = { file: 'serverless.yml', line: 1, column: 1 }

function queueAt([name, place]: readonly [string, Place]): QueueDefinition {
  const attributes: Record<string, string> = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {}
  return { name, service: '', place, attributes, tags: {} }
}

function nameOf(queueArn: string): string {
  return queueArn.slice(queueArn.lastIndexOf(':') + 1)
}

/** What `spillway.yml` says of deliveries, which no manifest has a word for. */
export function withDeliveries(
  background: Background | undefined,
  deliveries: ReadonlyMap<string, AsyncConfig['delivery']>,
): Background | undefined {
  if (deliveries.size === 0) return background
  const { asyncConfigs, ...rest } = background ?? NOTHING
  const all = { ...asyncConfigs }
  for (const [name, delivery] of deliveries) {
    all[name] = { ...(all[name] ?? DEFAULT_ASYNC), delivery }
  }
  return { ...rest, asyncConfigs: all }
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
