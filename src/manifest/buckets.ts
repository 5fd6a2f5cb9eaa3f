import type { BucketNotification } from '../model/background.ts'
import { child, exactText, expected, items, text } from './read.ts'
import type { FunctionEvent } from './route.ts'
import type { Node } from './tree.ts'

/** An `s3` event: a bucket's name, or a map with an event and rules for keys. */
export function readS3(event: FunctionEvent): BucketNotification[] {
  const { manifest, functionName, key, place, value } = event
  const map = value.kind === 'map' ? value : undefined
  const node = map === undefined ? value : child(manifest, map, 'bucket')
  if (node === undefined) {
    expected(manifest, value, 'the s3 event to have a bucket')
    return []
  }
  const bucket = text(manifest, node, `the bucket of ${key}`)
  if (bucket === undefined) return []
  const kind = exactText(manifest, child(manifest, map, 'event'), 'event') ?? 's3:ObjectCreated:*'
  if (!kind.startsWith('s3:')) {
    expected(
      manifest,
      child(manifest, map, 'event') ?? value,
      'an event such as s3:ObjectCreated:*',
    )
  }
  const rules = items(manifest, child(manifest, map, 'rules'), 'rules')
  return [
    {
      bucket,
      functionName,
      events: [kind],
      prefix: ruleOf(event, rules, 'prefix'),
      suffix: ruleOf(event, rules, 'suffix'),
      place,
    },
  ]
}

/** One of each kind, as on AWS; without one, every key will do. */
function ruleOf({ manifest }: FunctionEvent, rules: readonly Node[], kind: string): string {
  const given = rules.flatMap((rule) => child(manifest, rule, kind) ?? [])
  const [first, second] = given
  if (second !== undefined) expected(manifest, second, `one ${kind} rule`)
  return exactText(manifest, first, kind) ?? ''
}
