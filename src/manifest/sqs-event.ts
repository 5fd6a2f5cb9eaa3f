import type { QueueSource } from '../model/background.ts'
import { plain } from './plain.ts'
import { child, expected, flag, ifKnown, items, oneOf, wholeNumber, type Range } from './read.ts'
import { readArn } from './arn.ts'
import type { FunctionEvent } from './route.ts'
import { noteSlips } from './slips.ts'
import type { Node } from './tree.ts'

const KEYS = [
  'arn',
  'batchSize',
  'enabled',
  'functionResponseType',
  'filterPatterns',
  'maximumBatchingWindow',
  'maximumConcurrency',
]
/** Lambda's bounds, which Serverless passes on. */
const BATCH_SIZE = { min: 1, max: 10_000 }
const WINDOW_S = { min: 0, max: 300, unit: 'seconds' }
const MAX_CONCURRENCY = { min: 2, max: 1000 }
/** What a FIFO queue gives at once, and any queue without a window. */
const BATCH_SIZE_MAX = 10
const FILTERS_MAX = 5

/** An `sqs` event: an ARN, or `{arn, batchSize, …}`. Undefined, with a note or an error, where there is no queue. */
export function readSqsEvent(event: FunctionEvent): QueueSource | undefined {
  const { manifest, key, functionName, value, place } = event
  const map = value.kind === 'map' ? value : undefined
  const isArn = map !== undefined && isIntrinsic(value)
  const options = isArn ? undefined : map
  if (options !== undefined) noteSlips(manifest.report, `${key}: sqs`, options, KEYS)
  const arn = options === undefined ? value : child(manifest, options, 'arn')
  if (arn === undefined) return expected(manifest, value, `the sqs event of ${key} to have an arn`)
  const queueArn = readArn(manifest, arn, `the queue of ${key}`, ['sqs'])
  if (queueArn === undefined) return undefined
  const number = (name: string, range: Range): number | undefined => {
    return wholeNumber(
      manifest,
      ifKnown(manifest, child(manifest, options, name), name),
      name,
      range,
    )
  }
  const maxConcurrency = number('maximumConcurrency', MAX_CONCURRENCY)
  const type = child(manifest, options, 'functionResponseType')
  const source: QueueSource = {
    name: `${key}/${queueArn.slice(queueArn.lastIndexOf(':') + 1)}`,
    functionName,
    queueArn,
    enabled: flag(manifest, child(manifest, options, 'enabled'), 'enabled') ?? true,
    batchSize: number('batchSize', BATCH_SIZE) ?? BATCH_SIZE_MAX,
    windowMs: (number('maximumBatchingWindow', WINDOW_S) ?? 0) * 1000,
    partialFailures: oneOf(manifest, type, 'functionResponseType', TYPES) !== undefined,
    filterPatterns: readPatterns(event, options),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    place,
  }
  checkBatch(event, source, options)
  return source
}

const TYPES = ['ReportBatchItemFailures'] as const

/** `arn` may be left out: `sqs: !GetAtt Queue.Arn`. */
function isIntrinsic(node: Node): boolean {
  if (node.kind !== 'map') return false
  const [first = ''] = node.entries.keys()
  return first === 'Ref' || first.startsWith('Fn::')
}

function readPatterns({ manifest, key }: FunctionEvent, options: Node | undefined): string[] {
  const what = `the filterPatterns of ${key}`
  const list = child(manifest, options, 'filterPatterns')
  const patterns = items(manifest, list, what)
  if (list !== undefined && patterns.length > FILTERS_MAX) {
    expected(manifest, list, `${what} to be at most ${FILTERS_MAX}`)
  }
  return patterns.flatMap((pattern) => {
    if (pattern.kind === 'map') return [JSON.stringify(plain(manifest, pattern, what))]
    expected(manifest, pattern, `a pattern of ${key} such as "body: { kind: [order] }"`)
    return []
  })
}

/** What Lambda refuses when it is deployed. */
function checkBatch(
  { manifest, value }: FunctionEvent,
  { queueArn, batchSize, windowMs }: QueueSource,
  options: Node | undefined,
): void {
  const at = (name: string): Node => child(manifest, options, name) ?? value
  const isFifo = queueArn.endsWith('.fifo')
  if (isFifo && windowMs > 0) {
    expected(manifest, at('maximumBatchingWindow'), 'no batching window: FIFO queues have none')
  }
  if (isFifo && batchSize > BATCH_SIZE_MAX) {
    expected(manifest, at('batchSize'), `batchSize to be at most ${BATCH_SIZE_MAX} on a FIFO queue`)
  } else if (batchSize > BATCH_SIZE_MAX && windowMs === 0) {
    const rule = `batchSize to be at most ${BATCH_SIZE_MAX} without a maximumBatchingWindow`
    expected(manifest, at('batchSize'), rule)
  }
}
