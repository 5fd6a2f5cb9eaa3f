import type { QueueDefinition } from '../model/background.ts'
import { attributeFault, isQueueName, toQueueSettings } from '../model/queue-settings.ts'
import type { Manifest } from './manifest.ts'
import { plain } from './plain.ts'
import { child, exactText, items, settings, type Setting } from './read.ts'
import { readResources, type Resource } from './stack.ts'
import { isPresent } from './tree.ts'

/** CloudFormation's properties that are attributes of the same name, and those that are something else. */
const ATTRIBUTES = `
  ContentBasedDeduplication DeduplicationScope DelaySeconds FifoQueue FifoThroughputLimit
  KmsDataKeyReusePeriodSeconds KmsMasterKeyId MaximumMessageSize MessageRetentionPeriod
  ReceiveMessageWaitTimeSeconds RedriveAllowPolicy RedrivePolicy SqsManagedSseEnabled VisibilityTimeout
`
  .trim()
  .split(/\s+/)
const OTHERS = ['QueueName', 'Tags']

/** Reads the queues of a manifest's `resources`. */
export function readQueues(manifest: Manifest): QueueDefinition[] {
  const found = readResources(manifest, manifest.root)
    .filter(({ type }) => type === 'AWS::SQS::Queue')
    .map((resource) => readQueue(manifest, resource))
    .filter((queue) => queue !== undefined)
  checkTwice(manifest, found)
  checkRedrives(manifest, found)
  return found
}

function readQueue(manifest: Manifest, resource: Resource): QueueDefinition | undefined {
  const { logicalId, properties, setting } = resource
  const name = manifest.stackValue(logicalId, 'QueueName')
  if (name === undefined) {
    const message = `the queue ${logicalId} is not made: its name exists only on AWS`
    manifest.report.note(setting.place, message)
    return undefined
  }
  const attributes: Record<string, string> = {}
  for (const property of settings(manifest, properties, `Properties of ${logicalId}`)) {
    const text = attributeText(manifest, logicalId, property)
    if (text !== undefined) attributes[property.key] = text
  }
  // A queue that is none is what CloudFormation takes `false` for.
  if (attributes['FifoQueue'] === 'false') delete attributes['FifoQueue']
  const message = isQueueName(name)
    ? attributeFault(name, attributes)?.message
    : 'a name has 1 to 80 letters, digits, "-" and "_", and ends in .fifo where the queue is a FIFO queue'
  if (message !== undefined) {
    const what = `expected ${logicalId} to be a queue that SQS would make`
    manifest.report.error(setting.place, `${what}, got: ${name}: ${message}`)
  }
  const tags = readTags(manifest, resource)
  return { name: name, service: manifest.serviceName, place: setting.place, attributes, tags }
}

/** As SQS has it: a text. Maps, such as a redrive policy, are JSON in it. */
function attributeText(
  manifest: Manifest,
  logicalId: string,
  { key, place, value }: Setting,
): string | undefined {
  if (OTHERS.includes(key) || !isPresent(value)) return undefined
  if (!ATTRIBUTES.includes(key)) {
    manifest.report.note(place, `${logicalId}: the property ${key} is no attribute known here`)
    return undefined
  }
  const read = plain(manifest, value, `${key} of ${logicalId}`)
  return typeof read === 'string' ? read : JSON.stringify(read)
}

/** `[{ Key, Value }]`. */
function readTags(manifest: Manifest, { logicalId, properties }: Resource): Record<string, string> {
  const list = items(manifest, child(manifest, properties, 'Tags'), `Tags of ${logicalId}`)
  const pairs = list.map((item) => {
    const text = (key: string): string => {
      const node = child(manifest, item, key)
      return node === undefined ? '' : (exactText(manifest, node, `a tag of ${logicalId}`) ?? '')
    }
    return [text('Key'), text('Value')] as const
  })
  return Object.fromEntries(pairs)
}

function checkTwice(manifest: Manifest, queues: readonly QueueDefinition[]): void {
  const seen = new Map<string, QueueDefinition>()
  for (const queue of queues) {
    const twin = seen.get(queue.name)
    if (twin === undefined) seen.set(queue.name, queue)
    else {
      const { file, line, column } = twin.place
      const message = `expected one queue named ${queue.name}, got another at ${file}:${line}:${column}`
      manifest.report.error(queue.place, message)
    }
  }
}

/** What is not received any more must have somewhere to go. */
function checkRedrives(manifest: Manifest, queues: readonly QueueDefinition[]): void {
  for (const { name, attributes, place } of queues) {
    if (attributeFault(name, attributes) !== undefined) continue
    const target = toQueueSettings(attributes).redrive?.target
    if (target === undefined) continue
    const expected = `expected the dead-letter queue of ${name} to be`
    if (!isQueueName(target)) {
      manifest.report.error(place, `${expected} known here, got: "${target}"`)
    } else if (target.endsWith('.fifo') !== name.endsWith('.fifo')) {
      manifest.report.error(place, `${expected} of the same type, got: "${target}"`)
    }
  }
}
