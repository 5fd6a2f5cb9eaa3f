import type { EventRule, Schedule, Subscription, TopicDefinition } from '../model/background.ts'
import { busName } from './event-rules.ts'
import type { Manifest } from './manifest.ts'
import { plain } from './plain.ts'
import { child, exactText, flag, items, oneOf } from './read.ts'
import { readResources, type Resource } from './stack.ts'
import { readTargetInput } from './target-input.ts'
import { topicName } from './topics.ts'
import type { Node } from './tree.ts'

/** What the resources of a manifest cause. */
export interface StackCauses {
  readonly schedules: readonly Schedule[]
  readonly rules: readonly EventRule[]
  readonly topics: readonly TopicDefinition[]
  readonly subscriptions: readonly Subscription[]
}

interface Reader {
  readonly manifest: Manifest
  readonly functionNames: ReadonlySet<string>
}

const NOTHING: StackCauses = { schedules: [], rules: [], topics: [], subscriptions: [] }

const READERS: Readonly<
  Record<string, (reader: Reader, resource: Resource) => Partial<StackCauses>>
> = {
  'AWS::Events::Rule': readRule,
  'AWS::Scheduler::Schedule': readSchedule,
  'AWS::SNS::Topic': readTopic,
  'AWS::SNS::Subscription': readSubscription,
}

/**
 * Reads the rules, schedules, topics and subscriptions of a manifest's `resources`, as far as their
 * targets are functions of the manifest (or queues, of topics). Other targets become a note.
 */
export function readStackCauses(
  manifest: Manifest,
  functionNames: ReadonlySet<string>,
): StackCauses {
  const reader = { manifest, functionNames }
  const causes = readResources(manifest, manifest.root).flatMap((resource) => {
    const read = Object.hasOwn(READERS, resource.type) ? READERS[resource.type] : undefined
    return read === undefined ? [] : [{ ...NOTHING, ...read(reader, resource) }]
  })
  return {
    schedules: causes.flatMap(({ schedules }) => schedules),
    rules: causes.flatMap(({ rules }) => rules),
    topics: causes.flatMap(({ topics }) => topics),
    subscriptions: causes.flatMap(({ subscriptions }) => subscriptions),
  }
}

function readRule(reader: Reader, resource: Resource): Partial<StackCauses> {
  const { manifest } = reader
  const { properties, setting } = resource
  const enabled = isEnabled(manifest, properties)
  const expression = property(reader, resource, 'ScheduleExpression')
  const patternNode = child(manifest, properties, 'EventPattern')
  const pattern = patternNode && plain(manifest, patternNode, 'a value of the event pattern')
  const bus = busName(property(reader, resource, 'EventBusName'))
  const name = nameOf(reader, resource)
  const targets = items(manifest, child(manifest, properties, 'Targets'), 'Targets')
  const common = targets.flatMap((target) => {
    const functionName = functionOf(reader, child(manifest, target, 'Arn'), resource)
    if (functionName === undefined) return []
    const input = readTargetInput(manifest, target, 'cloudformation')
    return [{ name, functionName, enabled, ...input, place: setting.place }]
  })
  return {
    rules:
      pattern === undefined
        ? []
        : common.map((each) => ({
            ...each,
            bus,
            pattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern),
          })),
    schedules:
      expression === undefined
        ? []
        : common.map((each) => ({ ...each, expression, kind: 'rule', timeZone: 'UTC' })),
  }
}

function readSchedule(reader: Reader, resource: Resource): Partial<StackCauses> {
  const { manifest } = reader
  const { properties, setting } = resource
  const target = child(manifest, properties, 'Target')
  const functionName = functionOf(reader, child(manifest, target, 'Arn'), resource)
  const expression = property(reader, resource, 'ScheduleExpression')
  if (functionName === undefined || expression === undefined) return {}
  const input = exactText(manifest, child(manifest, target, 'Input'), 'Input')
  const startMs = timeOf(reader, resource, 'StartDate')
  const endMs = timeOf(reader, resource, 'EndDate')
  return {
    schedules: [
      {
        name: nameOf(reader, resource),
        functionName,
        expression,
        kind: 'scheduler',
        timeZone: property(reader, resource, 'ScheduleExpressionTimezone') ?? 'UTC',
        enabled: isEnabled(manifest, properties),
        ...(input === undefined ? {} : { input }),
        ...(startMs === undefined ? {} : { startMs }),
        ...(endMs === undefined ? {} : { endMs }),
        place: setting.place,
      },
    ],
  }
}

function readTopic(reader: Reader, resource: Resource): Partial<StackCauses> {
  const { manifest } = reader
  const { properties, setting } = resource
  const name = topicName(manifest.stackValue(resource.logicalId) ?? '')
  if (name === '') return {}
  const deduplicated = child(manifest, properties, 'ContentBasedDeduplication')
  const contentBasedDeduplication =
    flag(manifest, deduplicated, 'ContentBasedDeduplication') ?? false
  const inline = items(manifest, child(manifest, properties, 'Subscription'), 'Subscription')
  return {
    topics: [{ name, contentBasedDeduplication, place: setting.place }],
    subscriptions: inline.flatMap((node) => subscriptionOf(reader, resource, node, name)),
  }
}

function readSubscription(reader: Reader, resource: Resource): Partial<StackCauses> {
  const { properties } = resource
  const topic = property(reader, resource, 'TopicArn')
  if (topic === undefined || properties === undefined) return {}
  return { subscriptions: subscriptionOf(reader, resource, properties, topicName(topic)) }
}

const SCOPES = ['MessageAttributes', 'MessageBody'] as const

function subscriptionOf(
  reader: Reader,
  resource: Resource,
  node: Node,
  topic: string,
): Subscription[] {
  const { manifest } = reader
  const target = targetOf(reader, resource, node)
  if (target === undefined) return []
  const policy = child(manifest, node, 'FilterPolicy')
  const scope = child(manifest, node, 'FilterPolicyScope')
  const raw = child(manifest, node, 'RawMessageDelivery')
  return [
    {
      topic,
      target,
      ...(policy === undefined
        ? {}
        : {
            filterPolicy: JSON.stringify(plain(manifest, policy, 'a value of the filter policy')),
          }),
      filterScope: oneOf(manifest, scope, 'FilterPolicyScope', SCOPES) ?? 'MessageAttributes',
      rawDelivery: flag(manifest, raw, 'RawMessageDelivery') ?? false,
      place: resource.setting.place,
    },
  ]
}

function targetOf(
  reader: Reader,
  resource: Resource,
  node: Node,
): Subscription['target'] | undefined {
  const { manifest } = reader
  const protocol = exactText(manifest, child(manifest, node, 'Protocol'), 'Protocol')
  const endpoint = child(manifest, node, 'Endpoint')
  if (protocol === 'lambda') {
    const functionName = functionOf(reader, endpoint, resource)
    return functionName === undefined ? undefined : { functionName }
  }
  if (protocol === 'sqs' && endpoint?.kind === 'scalar') return { queueArn: String(endpoint.value) }
  manifest.report.note(
    resource.setting.place,
    `${resource.logicalId}: subscriptions by ${protocol ?? 'no protocol'} to ${endpointText(endpoint)} are not served`,
  )
  return undefined
}

function endpointText(node: Node | undefined): string {
  if (node?.kind === 'scalar') return String(node.value)
  return node?.kind === 'unknown' ? node.text : 'nothing'
}

/** The function of the manifest that an ARN leads to; undefined, and a note, where it leads elsewhere. */
function functionOf(
  { manifest, functionNames }: Reader,
  arn: Node | undefined,
  { logicalId, setting }: Resource,
): string | undefined {
  const name =
    arn?.kind === 'scalar' ? /:function:([\w-]+)/.exec(String(arn.value))?.[1] : undefined
  if (name !== undefined && functionNames.has(name)) return name
  const message = `${logicalId}: its target ${endpointText(arn)} is no function of this manifest, and is not served`
  manifest.report.note(setting.place, message)
  return undefined
}

function property({ manifest }: Reader, { properties }: Resource, key: string): string | undefined {
  return exactText(manifest, child(manifest, properties, key), key)
}

function nameOf(reader: Reader, resource: Resource): string {
  const { serviceName, stage } = reader.manifest
  return property(reader, resource, 'Name') ?? `${serviceName}-${stage}-${resource.logicalId}`
}

function isEnabled(manifest: Manifest, properties: Node | undefined): boolean {
  const state = child(manifest, properties, 'State')
  const words = ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'] as const
  return oneOf(manifest, state, 'State', words) !== 'DISABLED'
}

function timeOf(reader: Reader, resource: Resource, key: string): number | undefined {
  const text = property(reader, resource, key)
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  reader.manifest.report.error(
    resource.setting.place,
    `expected ${key} of ${resource.logicalId} to be a time such as 2026-12-24T18:00:00Z, got: "${text}"`,
  )
  return undefined
}
