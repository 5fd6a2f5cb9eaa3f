import { isIP } from 'node:net'
import type { HttpApi, HttpRoute } from '../model/app.ts'
import type { HeaderCondition, ListenerRule, QueryPair } from '../model/front-rules.ts'
import { apiId } from './api-id.ts'
import type { Manifest } from './manifest.ts'
import {
  child,
  exactText,
  expected,
  flag,
  items,
  settings,
  text,
  wholeNumber,
  type Reading,
} from './read.ts'
import { START_WAIT_MS, type FunctionEvent } from './route.ts'
import { refuseUnknownKeys } from './slips.ts'
import { isPresent, type MapNode, type Node } from './tree.ts'

/** An `alb` event, read. */
export interface AlbRoute {
  readonly route: HttpRoute & { readonly rule: ListenerRule }
  readonly multiValueHeaders: boolean
}

const KEYS =
  'listenerArn priority conditions authorizer multiValueHeaders healthCheck targetGroupName'
const CONDITIONS = 'path host method header query ip'
const PRIORITY = { min: 1, max: 50_000 }

/**
 * An `alb` event as a rule of a listener (serverless.com, "Application Load Balancer"); undefined, and
 * an error, where it cannot be served as it says.
 */
export function readAlbRoute(event: FunctionEvent): AlbRoute | undefined {
  const { manifest, key, place, value, functionName, functionTimeoutMs } = event
  if (value.kind !== 'map') return expected(manifest, value, `the alb event of ${key} to be a map`)
  refuseUnknownKeys(manifest.report, 'alb', value, KEYS.split(' '))
  refuseLogin(event, value)
  const rule = readRule(event, value)
  const multi = flag(manifest, child(manifest, value, 'multiValueHeaders'), 'multiValueHeaders')
  if (isPresent(child(manifest, value, 'healthCheck'))) {
    manifest.report.note(place, `${key}: no load balancer checks its health here`)
  }
  if (rule === undefined) return undefined
  const route = {
    method: rule.methods.join('|') || 'ANY',
    path: rule.paths.join('|') || '/*',
    functionName,
    timeoutMs: functionTimeoutMs + START_WAIT_MS,
    apiKeyRequired: false,
    rule,
    place,
  }
  return { route, multiValueHeaders: multi ?? false }
}

/** A load balancer sends who comes to Cognito or another provider first; nothing here does. */
function refuseLogin({ manifest, key }: FunctionEvent, map: MapNode): void {
  if (child(manifest, map, 'authorizer') === undefined) return
  const rule = 'a route is never served without the check it asks for'
  const place = map.entries.get('authorizer')?.place ?? map.place
  manifest.report.error(place, `${key}: no load balancer logs users in here, and ${rule}`)
}

function readRule(event: FunctionEvent, map: MapNode): ListenerRule | undefined {
  const { manifest, place } = event
  const listener = text(manifest, child(manifest, map, 'listenerArn'), 'the listenerArn')
  if (listener === undefined) {
    manifest.report.error(place, 'expected the alb event to have a listenerArn, got: nothing')
  }
  const written = child(manifest, map, 'priority')
  if (written === undefined) {
    manifest.report.error(place, 'expected the alb event to have a priority, got: nothing')
  }
  const priority = wholeNumber(manifest, written, 'the priority', PRIORITY)
  const conditions = child(manifest, map, 'conditions')
  if (conditions?.kind !== 'map' || conditions.entries.size === 0) {
    return expected(manifest, conditions ?? map, 'the alb event to have conditions such as path')
  }
  refuseUnknownKeys(manifest.report, 'conditions', conditions, CONDITIONS.split(' '))
  if (listener === undefined || priority === undefined) return undefined
  return {
    listener,
    priority,
    hosts: readTexts(manifest, conditions, 'host'),
    paths: readTexts(manifest, conditions, 'path').map((path) => path.replaceAll('&amp;', '&')),
    methods: readTexts(manifest, conditions, 'method'),
    sourceIps: readBlocks(manifest, conditions),
    headers: listOf(manifest, child(manifest, conditions, 'header')).flatMap(
      (node) => readHeader(manifest, node) ?? [],
    ),
    queries: listOf(manifest, child(manifest, conditions, 'query')).map((node) =>
      readPairs(manifest, node),
    ),
  }
}

/** One, or a list of them. */
function listOf(manifest: Reading, node: Node | undefined): Node[] {
  if (node === undefined) return []
  return node.kind === 'list' ? items(manifest, node, 'conditions') : [node]
}

function readTexts(manifest: Reading, node: Node, key: string): string[] {
  return listOf(manifest, child(manifest, node, key)).flatMap(
    (value) => exactText(manifest, value, `the condition ${key}`) ?? [],
  )
}

function readHeader(manifest: Reading, node: Node): HeaderCondition | undefined {
  const name = exactText(manifest, child(manifest, node, 'name'), 'the name of the header')
  const values = readTexts(manifest, node, 'values')
  if (name !== undefined && values.length > 0) return { name, values }
  return expected(manifest, node, 'the condition header to have a name and values')
}

function readPairs(manifest: Reading, node: Node): QueryPair[] {
  return settings(manifest, node, 'the condition query').flatMap(({ key, value }) => {
    const wanted = exactText(manifest, value, `the condition query ${key}`)
    return wanted === undefined ? [] : [{ key, value: wanted }]
  })
}

function readBlocks(manifest: Reading, map: MapNode): string[] {
  return listOf(manifest, child(manifest, map, 'ip')).flatMap((node) => {
    const block = exactText(manifest, node, 'the condition ip')
    if (block === undefined || isBlock(block)) return block ?? []
    return expected(manifest, node, 'the condition ip to be a CIDR block such as 10.0.0.0/8') ?? []
  })
}

function isBlock(block: string): boolean {
  const [address = '', bits = '', ...rest] = block.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most
}

/** The target groups of a manifest: one for each function at each listener, as Serverless makes them. */
export function albApis(manifest: Manifest, routes: readonly AlbRoute[]): HttpApi[] {
  const { serviceName: service, stage } = manifest
  const groups = Map.groupBy(
    routes,
    ({ route, multiValueHeaders }) =>
      `alb ${route.functionName} ${multiValueHeaders} ${route.rule.listener}`,
  )
  return [...groups].map(([what, group]) => ({
    id: apiId(service, stage, what),
    service,
    front: 'alb',
    stage: '$default',
    payload: '1.0',
    routes: group.map(({ route }) => route),
    binaryMediaTypes: [],
    stageVariables: {},
    apiKeys: [],
    multiValueHeaders: group[0]?.multiValueHeaders ?? false,
  }))
}
