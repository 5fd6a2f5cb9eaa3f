import type { GateSnapshot, LimitSnapshot } from '../gate/snapshot.ts'
import type { Collector, Sample } from './collector.ts'

/** What the gate holds and keeps waiting at one moment. */
export function gateCollectors({ account, groups, tags, functions }: GateSnapshot): Collector[] {
  return [
    {
      name: 'spillway_concurrency',
      help: 'Invocations that run now',
      type: 'gauge',
      *samples() {
        for (const { name, inUse } of functions) {
          yield { labels: { function: name }, value: inUse }
        }
      },
    },
    {
      name: 'spillway_group_concurrency',
      help: 'Invocations that run now, by group',
      type: 'gauge',
      *samples() {
        for (const { name, inUse } of groups) {
          yield { labels: { group: name }, value: inUse }
        }
      },
    },
    {
      name: 'spillway_tag_concurrency',
      help: 'Invocations that run now, by tag',
      type: 'gauge',
      *samples() {
        for (const { name, inUse } of tags) {
          yield { labels: { tag: name }, value: inUse }
        }
      },
    },
    {
      name: 'spillway_concurrency_limit',
      help: 'Ceilings; what has none is absent',
      type: 'gauge',
      *samples() {
        yield* ceilings('account', [account])
        yield* ceilings('group', groups)
        yield* ceilings('tag', tags)
        yield* ceilings('function', functions)
      },
    },
    {
      name: 'spillway_waiting',
      help: 'Invocations that wait for a limit or an environment',
      type: 'gauge',
      *samples() {
        for (const { name, waiting } of functions) {
          for (const [priority, value] of Object.entries(waiting)) {
            yield { labels: { function: name, priority }, value }
          }
        }
      },
    },
  ]
}

function* ceilings(scope: string, limits: readonly LimitSnapshot[]): Generator<Sample> {
  for (const { name, maxConcurrency } of limits) {
    if (maxConcurrency !== null) yield { labels: { scope, name }, value: maxConcurrency }
  }
}
