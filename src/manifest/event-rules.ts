import type { EventRule, Schedule } from '../model/background.ts'
import { plain } from './plain.ts'
import { child, exactText, expected, flag } from './read.ts'
import type { FunctionEvent } from './route.ts'
import { readTargetInput } from './target-input.ts'
import type { Node } from './tree.ts'

/** What an `eventBridge` event comes to: a rule with a pattern, a schedule, or both. */
export interface RuleCauses {
  readonly rules: readonly EventRule[]
  readonly schedules: readonly Schedule[]
}

/** Reads an `eventBridge` event; `nth` counts those of the function, from 1. */
export function readEventBridge(event: FunctionEvent, nth: number): RuleCauses {
  const { manifest, functionName, place, value } = event
  const pattern = child(manifest, value, 'pattern')
  const expression = exactText(manifest, child(manifest, value, 'schedule'), 'the schedule')
  if (pattern === undefined && expression === undefined) {
    expected(manifest, value, 'the eventBridge event to have a pattern or a schedule')
    return { rules: [], schedules: [] }
  }
  const given = exactText(manifest, child(manifest, value, 'name'), 'name')
  const common = {
    // As Serverless names them.
    name: given ?? `${functionName}-rule-${nth}`,
    functionName,
    enabled: flag(manifest, child(manifest, value, 'enabled'), 'enabled') ?? true,
    ...readTargetInput(manifest, value, 'serverless'),
    place,
  }
  const bus = busName(exactText(manifest, child(manifest, value, 'eventBus'), 'eventBus'))
  if (expression !== undefined && bus !== 'default') {
    manifest.report.error(place, 'a schedule is supported only on the default event bus')
  }
  return {
    rules: pattern === undefined ? [] : [{ ...common, bus, pattern: patternOf(event, pattern) }],
    schedules:
      expression === undefined ? [] : [{ ...common, expression, kind: 'rule', timeZone: 'UTC' }],
  }
}

/** A `cloudwatchEvent` is a rule of the default bus under its older name. */
export function readCloudwatchEvent(event: FunctionEvent, nth: number): EventRule[] {
  const { manifest, functionName, place, value } = event
  const pattern = child(manifest, value, 'event')
  if (pattern === undefined) {
    expected(manifest, value, 'the cloudwatchEvent event to have an event')
    return []
  }
  return [
    {
      name: `${functionName}-cloudwatch-${nth}`,
      functionName,
      bus: 'default',
      pattern: patternOf(event, pattern),
      enabled: flag(manifest, child(manifest, value, 'enabled'), 'enabled') ?? true,
      ...readTargetInput(manifest, value, 'serverless'),
      place,
    },
  ]
}

/** The name in `arn:aws:events:…:event-bus/orders`, or the name. */
export function busName(text: string | undefined): string {
  return text === undefined || text === '' ? 'default' : text.replace(/^arn:.*:event-bus\//, '')
}

function patternOf({ manifest, key }: FunctionEvent, node: Node): string {
  return JSON.stringify(plain(manifest, node, `a value of the pattern of ${key}`))
}
