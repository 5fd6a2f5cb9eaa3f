import type { Background } from '../model/app.ts'
import {
  DEFAULT_ASYNC,
  type AsyncConfig,
  type QueueDefinition,
  type QueueSource,
} from '../model/background.ts'
import { readAsyncConfig } from './async-config.ts'
import type { DeclaredFunction } from './functions.ts'
import type { Manifest } from './manifest.ts'
import type { FunctionEvent } from './route.ts'
import { readSqsEvent } from './sqs-event.ts'

const NOTHING: Background = {
  queues: [],
  queueSources: [],
  schedules: [],
  rules: [],
  subscriptions: [],
  bucketNotifications: [],
  asyncConfigs: {},
}

/** Events that are no requests, and are read here. */
export const BACKGROUND_EVENTS: readonly string[] = ['sqs']

/** What a manifest says of work that nobody waits for. */
export function readBackground(
  manifest: Manifest,
  declared: readonly DeclaredFunction[],
  events: readonly FunctionEvent[],
): Background {
  const asyncConfigs = declared.flatMap((each): [string, AsyncConfig][] => {
    const config = readAsyncConfig(manifest, each, declared)
    return config === undefined ? [] : [[each.definition.name, config]]
  })
  const queueSources = events
    .filter(({ type }) => type === 'sqs')
    .map(readSqsEvent)
    .filter((source) => source !== undefined)
  checkTwins(manifest, queueSources)
  return {
    ...NOTHING,
    queueSources,
    asyncConfigs: Object.fromEntries(asyncConfigs),
  }
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

/** All services' together. A queue that is taken from and declared nowhere is a queue all the same. */
export function joinBackgrounds(parts: readonly Background[]): Background {
  const list = <Key extends keyof Background>(key: Key): Background[Key] =>
    parts.flatMap((part) => part[key] as readonly unknown[]) as unknown as Background[Key]
  const queues = list('queues')
  const queueSources = list('queueSources')
  return {
    queues: [...queues, ...undeclared(queues, queueSources)],
    queueSources,
    schedules: list('schedules'),
    rules: list('rules'),
    subscriptions: list('subscriptions'),
    bucketNotifications: list('bucketNotifications'),
    asyncConfigs: Object.assign({}, ...parts.map((part) => part.asyncConfigs)) as Record<
      string,
      AsyncConfig
    >,
  }
}

function undeclared(
  declared: readonly QueueDefinition[],
  sources: readonly QueueSource[],
): QueueDefinition[] {
  const names = new Set(declared.map(({ name }) => name))
  return sources.flatMap(({ queueArn, place }) => {
    const name = queueArn.slice(queueArn.lastIndexOf(':') + 1)
    if (names.has(name)) return []
    names.add(name)
    const attributes: Record<string, string> = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {}
    return [{ name, service: '', place, attributes, tags: {} }]
  })
}

/** What `spillway.yml` says of deliveries, which no manifest has a word for. */
export function withDeliveries(
  background: Background,
  deliveries: ReadonlyMap<string, AsyncConfig['delivery']>,
): Background {
  const asyncConfigs = { ...background.asyncConfigs }
  for (const [name, delivery] of deliveries) {
    asyncConfigs[name] = { ...(asyncConfigs[name] ?? DEFAULT_ASYNC), delivery }
  }
  return { ...background, asyncConfigs }
}
