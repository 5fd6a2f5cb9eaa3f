import type { Schedule } from '../model/background.ts'
import { child, exactText, flag, items, oneOf } from './read.ts'
import type { FunctionEvent } from './route.ts'
import { readTargetInput } from './target-input.ts'
import type { MapNode, Node } from './tree.ts'

const METHODS = ['eventBus', 'scheduler'] as const

/**
 * The schedules of a `schedule` event, in Serverless's forms: an expression, or a map with one or
 * several; `nth` counts those of the function, from 1.
 */
export function readSchedules(event: FunctionEvent, nth: number): Schedule[] {
  const { manifest, functionName, place, value } = event
  const map = value.kind === 'map' ? value : undefined
  const method = oneOf(manifest, child(manifest, map, 'method'), 'method', METHODS) ?? 'eventBus'
  const kind = method === 'scheduler' ? 'scheduler' : 'rule'
  const given = exactText(manifest, child(manifest, map, 'name'), 'name')
  const timeZone = exactText(manifest, child(manifest, map, 'timezone'), 'timezone')
  if (map !== undefined) refuseMismatch(event, map, kind)
  const expressions = readExpressions(event, map)
  return expressions.map((expression, at) => ({
    name: given ?? `${functionName}-schedule-${nth + at}`,
    functionName,
    expression,
    kind,
    timeZone: timeZone ?? 'UTC',
    enabled: flag(manifest, child(manifest, map, 'enabled'), 'enabled') ?? true,
    ...readTargetInput(manifest, map, 'serverless'),
    place,
  }))
}

function readExpressions(
  { manifest, place, value }: FunctionEvent,
  map: MapNode | undefined,
): string[] {
  const rate = map === undefined ? value : child(manifest, map, 'rate')
  if (rate === undefined) {
    manifest.report.error(place, 'expected the schedule event to have a rate, got: nothing')
    return []
  }
  const nodes: Node[] = rate.kind === 'list' ? items(manifest, rate, 'rate') : [rate]
  return nodes.flatMap((node) => exactText(manifest, node, 'the rate') ?? [])
}

/** What the one cannot do and the other can, as Serverless says it. */
function refuseMismatch({ manifest }: FunctionEvent, map: MapNode, kind: Schedule['kind']): void {
  const [words, method] =
    kind === 'rule'
      ? [['timezone'], 'only works with "method: scheduler"']
      : [['inputPath', 'inputTransformer'], 'does not work with "method: scheduler"']
  for (const word of words) {
    const entry = map.entries.get(word)
    if (entry !== undefined) manifest.report.error(entry.place, `"${word}" of a schedule ${method}`)
  }
}
