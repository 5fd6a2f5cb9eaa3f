import type { Subscription } from '../model/background.ts'
import { plain } from './plain.ts'
import { child, exactText, expected, oneOf } from './read.ts'
import type { FunctionEvent } from './route.ts'

const SCOPES = ['MessageAttributes', 'MessageBody'] as const

/** An `sns` event: a topic's name or ARN, or a map with a filter policy; nothing, and an error, where it names none. */
export function readSns(event: FunctionEvent): Subscription[] {
  const { manifest, functionName, key, place, value } = event
  const map = value.kind === 'map' ? value : undefined
  const arn = map === undefined ? value : child(manifest, map, 'arn')
  const named = exactText(manifest, child(manifest, map, 'topicName'), 'topicName')
  // An ARN that only AWS knows is no matter where the name stands beside it.
  const topic = named ?? (arn && exactText(manifest, arn, `the topic of ${key}`))
  if (topic === undefined) {
    if (arn === undefined) expected(manifest, value, 'the sns event to have an arn or a topicName')
    return []
  }
  const policy = child(manifest, map, 'filterPolicy')
  const scope = child(manifest, map, 'filterPolicyScope')
  const redrive = map?.entries.get('redrivePolicy')
  if (redrive !== undefined) {
    manifest.report.note(
      redrive.place,
      `${key}: the redrive policy of a subscription is not served; the function's own destinations are`,
    )
  }
  return [
    {
      topic: topicName(topic),
      target: { functionName },
      ...(policy === undefined
        ? {}
        : {
            filterPolicy: JSON.stringify(plain(manifest, policy, 'a value of the filter policy')),
          }),
      filterScope: oneOf(manifest, scope, 'filterPolicyScope', SCOPES) ?? 'MessageAttributes',
      rawDelivery: false,
      place,
    },
  ]
}

/** The last part of an ARN, or the name. */
export function topicName(arnOrName: string): string {
  return arnOrName.slice(arnOrName.lastIndexOf(':') + 1)
}
