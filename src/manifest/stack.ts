import { queueArn } from '../model/arn.ts'
import { awsQueueUrl } from '../model/queue-urls.ts'
import { child, settings, type Reading, type Setting } from './read.ts'
import type { Node } from './tree.ts'

/** What a deployed stack would say of its own resources: `Ref` (no attribute) and `Fn::GetAtt`. */
export type StackValue = (logicalId: string, attribute?: string) => string | undefined

/** Where a stack is. */
export interface StackFacts {
  readonly region: string
  readonly accountId: string
  readonly serviceName: () => string
  readonly stage: string
}

/** One entry of `resources.Resources`. */
export interface Resource {
  readonly logicalId: string
  readonly type: string
  readonly properties: Node | undefined
  readonly setting: Setting
}

/** The resources of a manifest: `resources` is a template, or a list of them. */
export function readResources(reading: Reading, root: Node): Resource[] {
  const node = child(reading, root, 'resources')
  const templates = node?.kind === 'list' ? node.items.map(reading.resolve) : [node]
  return templates.flatMap((template) =>
    settings(reading, known(child(reading, template, 'Resources')), 'Resources').flatMap(
      (setting) => {
        const type = child(reading, setting.value, 'Type')
        if (type?.kind !== 'scalar') return []
        const properties = child(reading, setting.value, 'Properties')
        return [{ logicalId: setting.key, type: String(type.value), properties, setting }]
      },
    ),
  )
}

/** What is not known here has no resources for us, and is nobody's mistake. */
function known(node: Node | undefined): Node | undefined {
  return node?.kind === 'map' ? node : undefined
}

/**
 * Topics, buses, buckets and functions of the manifest itself, by their logical ids: their names and
 * ARNs are known here. Names that AWS would draw are the stack's name and the logical id.
 */
export function stackValues(reading: Reading, root: Node, facts: StackFacts): StackValue {
  let named: ReadonlyMap<string, Named> | undefined
  return (logicalId, attribute) => {
    named ??= new Map([
      ...readResources(reading, root).flatMap(
        (resource) => namedOf(reading, resource, facts) ?? [],
      ),
      ...functionsOf(reading, root, facts),
    ])
    const found = named.get(logicalId)
    return attribute === undefined ? found?.ref : found?.attributes[attribute]
  }
}

type Named = {
  readonly ref: string
  readonly attributes: Readonly<Record<string, string>>
}

/** How resources of a type are called: where their name is written, and what they say. */
const TYPES: Readonly<
  Record<
    string,
    { readonly key: string; readonly named: (name: string, facts: StackFacts) => Named }
  >
> = {
  'AWS::SQS::Queue': {
    key: 'QueueName',
    named(name, { region, accountId }) {
      const url = awsQueueUrl(region, accountId, name)
      const arn = queueArn(region, accountId, name)
      return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } }
    },
  },
  'AWS::SNS::Topic': {
    key: 'TopicName',
    named(name, { region, accountId }) {
      const arn = `arn:aws:sns:${region}:${accountId}:${name}`
      return { ref: arn, attributes: { TopicArn: arn, TopicName: name } }
    },
  },
  'AWS::Events::EventBus': {
    key: 'Name',
    named(name, { region, accountId }) {
      const arn = `arn:aws:events:${region}:${accountId}:event-bus/${name}`
      return { ref: name, attributes: { Arn: arn, Name: name } }
    },
  },
  'AWS::S3::Bucket': {
    key: 'BucketName',
    named: (name) => ({ ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } }),
  },
}

function namedOf(
  reading: Reading,
  { logicalId, type, properties }: Resource,
  facts: StackFacts,
): readonly (readonly [string, Named])[] | undefined {
  const kind = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined
  if (kind === undefined) return undefined
  const name = child(reading, properties, kind.key)
  // A name that only AWS knows stays its placeholder.
  if (name !== undefined && name.kind !== 'scalar') return undefined
  const drawn = `${facts.serviceName()}-${facts.stage}-${logicalId}`
  const given = name === undefined ? fitting(reading, drawn, type, properties) : String(name.value)
  return [[logicalId, kind.named(given, facts)]]
}

/** A drawn name as its type wants it. */
function fitting(
  reading: Reading,
  name: string,
  type: string,
  properties: Node | undefined,
): string {
  if (type === 'AWS::S3::Bucket') return name.toLowerCase()
  const fifo = type === 'AWS::SQS::Queue' ? child(reading, properties, 'FifoQueue') : undefined
  return fifo?.kind === 'scalar' && String(fifo.value) === 'true' ? `${name}.fifo` : name
}

/** Serverless gives the function `hello-you` the logical id `HelloDashyouLambdaFunction`. */
function functionsOf(
  reading: Reading,
  root: Node,
  { region, accountId, serviceName, stage }: StackFacts,
): (readonly [string, Named])[] {
  const node = child(reading, root, 'functions')
  const maps = node?.kind === 'list' ? node.items.map(reading.resolve) : [node]
  return maps.flatMap((map) =>
    settings(reading, known(map), 'functions').map(({ key, value }) => {
      const given = child(reading, value, 'name')
      const name =
        given?.kind === 'scalar' ? String(given.value) : `${serviceName()}-${stage}-${key}`
      const arn = `arn:aws:lambda:${region}:${accountId}:function:${name}`
      return [logicalIdOf(key), { ref: name, attributes: { Arn: arn } }] as const
    }),
  )
}

function logicalIdOf(key: string): string {
  const plain = key.replaceAll('-', 'Dash').replaceAll('_', 'Underscore')
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}LambdaFunction`
}
