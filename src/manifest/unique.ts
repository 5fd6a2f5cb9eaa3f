import type { Place } from '../lib/errors.ts'
import type { FunctionDefinition, HttpApi, HttpRoute } from '../model/app.ts'
import type { ListenerRule } from '../model/front-rules.ts'
import type { Schedule } from '../model/background.ts'
import type { Report } from './report.ts'
import { shapeOf } from './route.ts'

/**
 * Reports every two routes that the same requests would come to, also of two services: they share one
 * listener, and which function a request reached would hang on the order of files.
 */
export function checkRoutes(apis: readonly HttpApi[], report: Report): void {
  const claims = new Map<string, HttpRoute>()
  for (const api of apis) {
    for (const route of api.routes) {
      const { alone, shared } = claimsOf(api, route)
      const other =
        alone.map((key) => claims.get(key)).find((claim) => claim !== undefined) ??
        shared.map((key) => claims.get(key)).find((claim) => isOfAnother(claim, route))
      if (other !== undefined) report.error(route.place, claimedTwice(api, route, other))
      const free = [...alone, ...shared].filter((key) => !claims.has(key))
      for (const key of free) claims.set(key, route)
    }
  }
}

function isOfAnother(claim: HttpRoute | undefined, { functionName }: HttpRoute): boolean {
  return claim !== undefined && claim.functionName !== functionName
}

/** What a route claims: for itself, or for its function, which may come by it in two ways. */
interface Claims {
  readonly alone: readonly string[]
  readonly shared: readonly string[]
}

function claimsOf(api: HttpApi, route: HttpRoute): Claims {
  if (route.rule !== undefined) return claimsOfRule(route.rule)
  const { front, basePath, stage } = api
  const own = `${front} ${basePath ?? ''} ${shapeOf(route)}`
  if (route.path === '$default') {
    return { alone: [own], shared: basePath === undefined ? [EVERYTHING] : [] }
  }
  const before = basePath ?? (front === 'rest' ? `/${stage}` : '')
  return { alone: [own, shapeOf({ ...route, path: `${before}${route.path}` })], shared: [] }
}

const EVERYTHING = 'everything'

/** The same function may well stand behind two listeners with the same conditions. */
function claimsOfRule({ listener, priority, ...conditions }: ListenerRule): Claims {
  const { paths, ...others } = conditions
  const isAnyPath = paths.length === 0 || paths.some((path) => path === '*' || path === '/*')
  const isAny = isAnyPath && Object.values(others).every((values) => values.length === 0)
  return {
    alone: [`priority ${priority} of ${listener}`],
    shared: [JSON.stringify(conditions), ...(isAny ? [EVERYTHING] : [])],
  }
}

function claimedTwice(api: HttpApi, route: HttpRoute, other: HttpRoute): string {
  const by = `claimed twice: here by ${route.functionName}, and by ${other.functionName} at ${at(other.place)}`
  const { rule, method, path } = route
  const isSamePriority = rule?.priority === other.rule?.priority
  if (rule !== undefined && isSamePriority && rule.listener === other.rule?.listener) {
    return `priority ${rule.priority} of the listener is ${by}`
  }
  const base = api.basePath ?? ''
  if (rule === undefined && path === '$default')
    return `${base === '' ? '$default' : base} is ${by}`
  return `${method} ${base}${path} is ${by}`
}

/** Reports every deployed function name that is used twice. */
export function checkNames(functions: readonly FunctionDefinition[], report: Report): void {
  const places = new Map<string, Place>()
  for (const { name, place } of functions) {
    const other = places.get(name)
    if (other !== undefined) {
      report.error(place, `two functions are named ${name}: here, and at ${at(other)}`)
    }
    places.set(name, place)
  }
}

/** Reports every schedule that a function has twice: each firing comes at most once, and is known by its name. */
export function checkSchedules(schedules: readonly Schedule[], report: Report): void {
  const places = new Map<string, Place>()
  for (const { name, functionName, place } of schedules) {
    const key = `${name} ${functionName}`
    const other = places.get(key)
    if (other !== undefined) {
      const message = `two schedules of ${functionName} are named ${name}: here, and at ${at(other)}`
      report.error(place, message)
    }
    places.set(key, place)
  }
}

function at({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}
