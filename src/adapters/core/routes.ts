import type { RouteContext } from '../../events/index.ts'
import { stableId } from '../../events/ids.ts'
import { afterStage } from '../../events/path.ts'
import { DEFAULT_ACCOUNT_ID } from '../../model/arn.ts'
import type { Settings } from './options.ts'

/** Where a request has come to. */
export interface Mount {
  readonly route: RouteContext
  /** AWS has no words for the framework's pattern: its parameters are the event's as they are. */
  readonly ownParameters: boolean
  /** Its path has any on AWS. */
  readonly hasParameters: boolean
}

/** The routes that one handler serves, as its events name them. */
export interface Routes {
  /**
   * The route of a framework's method (`ALL` is ANY) and pattern (`/lead/:leadId`); the same object
   * for the same words. A pattern that AWS has no words for, or none at all, is a catch-all.
   */
  of(method: string, pattern: string | undefined): Mount
}

/** A handler is mounted on few routes; patterns with parameters in what is mounted above may be many. */
const KNOWN_MAX = 256

export function createRoutes<Request>(settings: Settings<Request>): Routes {
  const known = new Map<string, Mount>()
  return {
    of(method, pattern) {
      const key = `${method} ${pattern}`
      const mount = known.get(key)
      if (mount !== undefined) return mount
      if (known.size >= KNOWN_MAX) known.clear()
      const made = toMount(settings, method === 'ALL' ? 'ANY' : method, pattern)
      known.set(key, made)
      return made
    },
  }
}

function toMount<Request>(
  settings: Settings<Request>,
  method: string,
  pattern: string | undefined,
): Mount {
  const { front } = settings
  const isAny = pattern === undefined || pattern === '*' || pattern === '/*'
  if (isAny || (front !== 'rest' && front !== 'httpapi')) return toCatchAll(settings)
  const template = toTemplate(pattern)
  if (template === undefined) return { ...toCatchAll(settings), ownParameters: true }
  const hasParameters = template.includes('{')
  return { route: toRouteContext(settings, method, template), ownParameters: false, hasParameters }
}

function toCatchAll<Request>(settings: Settings<Request>): Mount {
  const path = settings.front === 'rest' ? '/{proxy+}' : '$default'
  const route = toRouteContext(settings, 'ANY', path)
  return { route, ownParameters: false, hasParameters: false }
}

/** The route of an API with this path template, or `$default`. */
export function toRouteContext<Request>(
  settings: Settings<Request>,
  method: string,
  path: string,
): RouteContext {
  const { front, payload, stage, functionName, multiValueHeaders } = settings
  const apiId = stableId(functionName, 10)
  const targetGroup = `targetgroup/${apiId}/${stableId(functionName, 16)}`
  const targetGroupArn = `arn:aws:elasticloadbalancing:us-east-1:${DEFAULT_ACCOUNT_ID}:${targetGroup}`
  return {
    front,
    payload,
    accountId: DEFAULT_ACCOUNT_ID,
    apiId,
    stage,
    stageVariables: settings.stageVariables ?? {},
    binaryMediaTypes: settings.binaryMediaTypes ?? [],
    method,
    // An app that is mounted under its stage says so in its patterns, where AWS does not.
    path: afterStage(path, stage) ?? path,
    ...(front === 'alb' ? { multiValueHeaders: multiValueHeaders ?? false, targetGroupArn } : {}),
  }
}

/**
 * `/lead/{leadId}` of `/lead/:leadId`, and `/files/{path+}` of Express 5's `/files/*path`, Fastify's
 * and Hono's `/files/*` (`{proxy+}`) or Express 4's `/files/:path(*)`. Undefined for a pattern that
 * an API's route cannot say: a parameter that is part of a segment, or optional, or an expression.
 */
export function toTemplate(pattern: string): string | undefined {
  const segments = pattern.split('/').filter((segment) => segment !== '')
  const out: string[] = []
  for (const [i, segment] of segments.entries()) {
    const read = toSegment(segment)
    if (read === undefined || (read.endsWith('+}') && i < segments.length - 1)) return undefined
    out.push(read)
  }
  return `/${out.join('/')}`
}

function toSegment(segment: string): string | undefined {
  if (segment === '*') return '{proxy+}'
  const greedy = GREEDY.exec(segment)
  if (greedy !== null) return `{${greedy.slice(1).find((name) => name !== undefined)}+}`
  const parameter = PARAMETER.exec(segment)
  if (parameter !== null) return `{${parameter[1] ?? parameter[2]}}`
  return PATTERN_CHARACTER.test(segment) ? undefined : segment
}

/** `*path`, `*"path"`, `:path(*)`, `:path(.*)`, `:path{.+}`. */
const GREEDY = /^(?:\*(\w+)|\*"([^"]+)"|:(\w+)\(\.?[*+]?\)|:(\w+)\{\.[*+]\})$/
/** `:id`, `:"user-id"`. A hyphen ends a name in Express and Fastify, and does not in Hono. */
const PARAMETER = /^:(?:(\w+)|"([^"]+)")$/
/** What a pattern may give a meaning to. */
const PATTERN_CHARACTER = /[:*(){}[\]?+!\\]/
