import type { FunctionEvent } from './route.ts'
import type { Background } from '../model/app.ts'
import { readS3 } from './buckets.ts'
import { readCloudwatchEvent, readEventBridge } from './event-rules.ts'
import type { Manifest } from './manifest.ts'
import { readSchedules } from './schedules.ts'
import { readStackCauses } from './stack-causes.ts'
import { readSns } from './topics.ts'

/** What a manifest causes besides requests, as far as it says so here. */
export type ServiceBackground = Partial<Background>

/** The events that are read here. */
export const CAUSES: ReadonlySet<string> = new Set([
  'schedule',
  'eventBridge',
  'cloudwatchEvent',
  'sns',
  's3',
  'sqs',
])

/** Reads schedules, rules, subscriptions and bucket notifications, of functions' events and of `resources`. */
export function readCauses(
  manifest: Manifest,
  events: readonly FunctionEvent[],
  functionNames: ReadonlySet<string>,
): ServiceBackground {
  const ofType = (type: string): FunctionEvent[] => events.filter((event) => event.type === type)
  const bridged = numbered(ofType('eventBridge'), readEventBridge, () => 1)
  const stack = readStackCauses(manifest, functionNames)
  return {
    schedules: [
      ...numbered(ofType('schedule'), readSchedules, ({ length }) => length).flat(),
      ...bridged.flatMap(({ schedules }) => schedules),
      ...stack.schedules,
    ],
    rules: [
      ...bridged.flatMap(({ rules }) => rules),
      ...numbered(ofType('cloudwatchEvent'), readCloudwatchEvent, () => 1).flat(),
      ...stack.rules,
    ],
    topics: stack.topics,
    subscriptions: [...ofType('sns').flatMap(readSns), ...stack.subscriptions],
    bucketNotifications: ofType('s3').flatMap(readS3),
  }
}

/** Reads events one after the other, each told how many its function has had, and one. */
function numbered<T>(
  events: readonly FunctionEvent[],
  read: (event: FunctionEvent, nth: number) => T,
  countOf: (read: T) => number,
): T[] {
  const counts = new Map<string, number>()
  return events.map((event) => {
    const before = counts.get(event.functionName) ?? 0
    const result = read(event, before + 1)
    counts.set(event.functionName, before + countOf(result))
    return result
  })
}
