import type { Manifest } from './manifest.ts'
import { child, expected, items } from './read.ts'
import type { MapNode, Node, UnknownNode } from './tree.ts'

/** `Ref` and `Fn::GetAtt` of something that is declared here, as they stand where only AWS knows them. */
const OF_RESOURCE = /^\$\{(\w+)(?:\.(\w+))?\}$/

/** What a resource is called where its `Arn` names it, by type. */
const ARNS: Readonly<
  Record<string, { readonly service: string; readonly name: string; readonly prefix: string }>
> = {
  'AWS::SQS::Queue': { service: 'sqs', name: 'QueueName', prefix: '' },
  'AWS::SNS::Topic': { service: 'sns', name: 'TopicName', prefix: '' },
  'AWS::Events::EventBus': { service: 'events', name: 'Name', prefix: 'event-bus/' },
}

/**
 * The ARN that a value is: a text, or `Fn::GetAtt` or `Ref` of what the manifest's `resources` declare.
 * What exists only elsewhere comes back as a note, and undefined.
 * @param services whose ARNs are welcome here, as in `arn:aws:sqs:…`.
 */
export function readArn(
  manifest: Manifest,
  node: Node | undefined,
  what: string,
  services: readonly string[],
): string | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'unknown') return arnOfResource(manifest, node, what)
  const text = node.kind === 'scalar' ? String(node.value) : ''
  const [arn, partition, service] = text.split(':')
  const fits = arn === 'arn' && partition?.startsWith('aws') === true && text.split(':').length > 5
  if (fits && services.includes(service ?? '')) return text
  const example = `arn:aws:${services[0] ?? ''}:${manifest.region}:123456789012:name`
  return expected(manifest, node, `${what} to be an ARN such as ${example}`)
}

function arnOfResource(manifest: Manifest, node: UnknownNode, what: string): string | undefined {
  const [, id = '', attribute] = OF_RESOURCE.exec(node.text) ?? []
  const resource = id === '' ? undefined : findResource(manifest, id)
  const type = resource === undefined ? undefined : child(manifest, resource, 'Type')
  const form = type?.kind === 'scalar' ? ARNS[String(type.value)] : undefined
  // The `Ref` of a topic is its ARN; that of a queue is its URL.
  const isArn = attribute === 'Arn' || attribute === 'TopicArn' || form?.service === 'sns'
  if (resource === undefined || form === undefined || !isArn) {
    manifest.report.note(node.place, `${what} is taken as not set: ${node.why}`)
    return undefined
  }
  const name = child(manifest, resource, 'Properties', form.name)
  const given = name?.kind === 'scalar' ? String(name.value) : physicalName(manifest, id)
  return `arn:aws:${form.service}:${manifest.region}:123456789012:${form.prefix}${given}`
}

/** What CloudFormation would call it, without the part that it draws at random. */
function physicalName({ serviceName, stage }: Manifest, id: string): string {
  return `${serviceName}-${stage}-${id}`
}

/** `resources` is a template, or a list of them. */
function findResource(manifest: Manifest, id: string): MapNode | undefined {
  const node = child(manifest, manifest.root, 'resources')
  const templates = node?.kind === 'list' ? items(manifest, node, 'resources') : [node]
  for (const template of templates) {
    const found = child(manifest, template, 'Resources', id)
    if (found?.kind === 'map') return found
  }
  return undefined
}
