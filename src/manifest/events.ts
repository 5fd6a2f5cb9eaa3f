import type { HttpRoute } from '../model/app.ts'
import type { Preflight } from '../model/front-rules.ts'
import { didYouMean } from '../lib/suggest.ts'
import { readAlbRoute, type AlbRoute } from './alb.ts'
import { CAUSES } from './causes.ts'
import type { DeclaredFunction } from './functions.ts'
import { checkPayload, readHttpApiRoute } from './http-api.ts'
import type { Manifest } from './manifest.ts'
import { child, expected, ifKnown, items } from './read.ts'
import { readRestRoute } from './rest-api.ts'
import { readPreflights } from './rest-cors.ts'
import type { FunctionEvent } from './route.ts'
import { scalar, type Node } from './tree.ts'

/** The routes of a manifest, by the kind of API. */
export interface Routes {
  readonly rest: readonly HttpRoute[]
  /** What the REST API answers by itself. */
  readonly preflights: readonly Preflight[]
  readonly httpApi: readonly HttpRoute[]
  readonly alb: readonly AlbRoute[]
  /** Events that are no requests. */
  readonly causes: readonly FunctionEvent[]
}

/** Events that are requests. */
const ROUTES: readonly string[] = ['http', 'httpApi', 'alb']

/** Events that Serverless knows and nothing here causes yet, in the words of a note. */
const NOT_YET: Readonly<Record<string, string>> = {
  stream: 'DynamoDB and Kinesis streams',
  websocket: 'WebSocket routes',
  cloudwatchLog: 'CloudWatch logs',
  cognitoUserPool: 'Cognito triggers',
  cloudFront: 'CloudFront functions',
  alexaSkill: 'Alexa skills',
  alexaSmartHome: 'Alexa smart home skills',
  iot: 'IoT rules',
  iotFleetProvisioning: 'IoT provisioning hooks',
  kafka: 'Kafka topics',
  msk: 'MSK topics',
  activemq: 'ActiveMQ queues',
  rabbitmq: 'RabbitMQ queues',
}

/** Reads the events of all functions: routes, and one note for each event that is not served yet. */
export function readRoutes(manifest: Manifest, functions: readonly DeclaredFunction[]): Routes {
  const names = new Map(functions.map(({ definition }) => [definition.key, definition.name]))
  const events = functions.flatMap((declared) => readEvents(manifest, declared, names))
  const rest = events
    .filter(({ type }) => type === 'http')
    .map((event) => ({ event, route: readRestRoute(event) }))
    .filter((each): each is { event: FunctionEvent; route: HttpRoute } => each.route !== undefined)
  const httpApi = events.filter(({ type }) => type === 'httpApi').map(readHttpApiRoute)
  const alb = events.filter(({ type }) => type === 'alb').map(readAlbRoute)
  for (const event of events) {
    if (!ROUTES.includes(event.type) && !CAUSES.has(event.type)) noteEvent(event)
  }
  for (const { node } of functions) checkPayload(manifest, node)
  return {
    rest: rest.map(({ route }) => route),
    preflights: readPreflights(rest),
    httpApi: httpApi.filter((route) => route !== undefined),
    alb: alb.filter((route) => route !== undefined),
    causes: events.filter(({ type }) => CAUSES.has(type)),
  }
}

function readEvents(
  manifest: Manifest,
  { definition, node }: DeclaredFunction,
  functions: FunctionEvent['functions'],
): FunctionEvent[] {
  const what = `the events of ${definition.key}`
  const list = items(manifest, ifKnown(manifest, child(manifest, node, 'events'), what), what)
  return list.flatMap((item) => readEvent(manifest, definition, item, functions) ?? [])
}

function readEvent(
  manifest: Manifest,
  definition: DeclaredFunction['definition'],
  item: Node,
  functions: FunctionEvent['functions'],
): FunctionEvent | undefined {
  const { key, name: functionName, timeoutMs: functionTimeoutMs, place: functionPlace } = definition
  const event = { manifest, key, functionName, functionTimeoutMs, functionPlace, functions }
  if (item.kind === 'scalar') {
    const type = String(item.value)
    return { ...event, type, place: item.place, value: scalar(null, item.place) }
  }
  if (item.kind !== 'map')
    return expected(manifest, item, `an event of ${key} such as "http: GET /x"`)
  const [first] = item.entries
  if (first === undefined) return undefined
  const [type, { place, value }] = first
  const resolved = manifest.resolve(value)
  // `- http:` with `path` in the same column: YAML reads an empty event beside a stray path.
  if (resolved.kind === 'scalar' && resolved.value === null && item.entries.size > 1) {
    const [, second = ''] = item.entries.keys()
    manifest.report.error(place, `expected "${second}" to be indented below "${type}"`)
    return undefined
  }
  return { ...event, type, place, value: resolved }
}

function noteEvent({ manifest, type, place, key }: FunctionEvent): void {
  const known = Object.hasOwn(NOT_YET, type) ? NOT_YET[type] : undefined
  const guess = didYouMean(type, [...ROUTES, ...CAUSES, ...Object.keys(NOT_YET)])
  const message =
    known === undefined ? `unknown event "${type}"${guess}` : `${known} are not served yet`
  manifest.report.note(place, `${key}: ${message}`)
}
