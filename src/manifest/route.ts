import type { Place } from '../lib/errors.ts'
import type { HttpRoute } from '../model/app.ts'
import type { Manifest } from './manifest.ts'
import { child, exactText, expected, oneOf } from './read.ts'
import type { MapNode, Node } from './tree.ts'

/**
 * How long a request waits for its function to start where the front end has no timeout of its own
 * (Function URLs, load balancers). After that it may run as long as its own timeout lets it.
 */
export const START_WAIT_MS = 60_000

/** The methods API Gateway routes, and its word for all of them. */
export const METHODS: readonly string[] = [
  'ANY',
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
]

/** Where a route leads: method and path of one `http` or `httpApi` event. */
export interface RouteKey {
  readonly method: string
  readonly path: string
}

/** One event of a function, as `events` lists it. */
export interface FunctionEvent {
  readonly manifest: Manifest
  /** The function's key, for messages. */
  readonly key: string
  /** Its deployed name. */
  readonly functionName: string
  readonly functionTimeoutMs: number
  /** `http`, `sqs`, … */
  readonly type: string
  readonly functionPlace: Place
  /** The deployed names of all functions of the manifest, by their keys. */
  readonly functions: ReadonlyMap<string, string>
  /** The event type's own place. */
  readonly place: Place
  readonly value: Node
}

/** `POST /lead/{leadId}`, of an event that is written as a text. */
export function shortForm(event: FunctionEvent, pattern: RegExp): RouteKey | undefined {
  const { manifest, type, value } = event
  const line = exactText(manifest, value, `the ${type} event`)
  if (line === undefined) return undefined
  const match = pattern.exec(line.trim())
  if (match === null) {
    return expected(manifest, value, `the ${type} event to be like "POST /lead/{leadId}"`)
  }
  const [, word = '', path = ''] = match
  const method = oneOf(manifest, { ...value, kind: 'scalar', value: word }, METHOD, METHODS)
  return method === undefined ? undefined : checkedPath(event, { method, path }, value)
}

/** `{method, path}` of an event that is written as a map. */
export function longForm(event: FunctionEvent, map: MapNode): RouteKey | undefined {
  const { manifest, type, place } = event
  const pathNode = child(manifest, map, 'path')
  const methodNode = child(manifest, map, 'method')
  const path = exactText(manifest, pathNode, `the path of ${type}`)
  if (pathNode === undefined) {
    manifest.report.error(place, `expected the ${type} event to have a path, got: nothing`)
  }
  if (methodNode === undefined && path !== '*') {
    manifest.report.error(place, `expected the ${type} event to have a method, got: nothing`)
  }
  const isAny = methodNode?.kind === 'scalar' && methodNode.value === '*'
  const method = isAny ? 'ANY' : oneOf(manifest, methodNode, METHOD, METHODS)
  if (path === '*' && type === 'httpApi') return { method: 'ANY', path: '$default' }
  if (pathNode === undefined || path === undefined || method === undefined) return undefined
  return checkedPath(event, { method, path }, pathNode)
}

const METHOD = 'the method'
const SEGMENT = /^(?:[^{}\s?#]*|\{[\w.-]+\}|\{[\w.-]+\+\})$/

/** The route with its path as API Gateway names it; an error for a path that no request can match. */
function checkedPath(event: FunctionEvent, key: RouteKey, node: Node): RouteKey | undefined {
  // Serverless strips the slashes at both ends of a REST path (osls, api-gateway/lib/validate.js).
  const path = event.type === 'http' ? `/${key.path.replace(/^\/|\/$/g, '')}` : key.path
  const segments = path.slice(1).split('/')
  const isGreedyInside = segments.slice(0, -1).some((segment) => segment.endsWith('+}'))
  if (path.startsWith('/') && segments.every((s) => SEGMENT.test(s)) && !isGreedyInside) {
    return { ...key, path }
  }
  const rule = 'a path such as /lead/{leadId} or /files/{proxy+}, with {…+} only at its end'
  return expected(event.manifest, node, rule)
}

/** Two routes with the same shape get the same requests, whatever their parameters are called. */
export function shapeOf(route: Pick<HttpRoute, 'method' | 'path'>): string {
  return `${route.method} ${route.path.replace(/\{[^}]*?(\+?)\}/g, '{$1}')}`
}
