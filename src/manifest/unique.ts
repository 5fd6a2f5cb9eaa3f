import type { Place } from '../lib/errors.ts'
import type { FunctionDefinition, HttpApi } from '../model/app.ts'
import type { Schedule } from '../model/background.ts'
import type { Report } from './report.ts'
import { shapeOf } from './route.ts'

/**
 * Reports every route that is claimed twice on the same kind of API, also by two services: they
 * share one listener, and which function a request reached would hang on the order of files.
 */
export function checkRoutes(apis: readonly HttpApi[], report: Report): void {
  const claims = new Map<string, { place: Place; functionName: string }>()
  for (const { front, routes } of apis) {
    for (const route of routes) {
      const key = `${front} ${shapeOf(route)}`
      const other = claims.get(key)
      if (other === undefined) {
        claims.set(key, route)
        continue
      }
      const what = route.path === '$default' ? '$default' : `${route.method} ${route.path}`
      const message = `${what} is claimed twice: here by ${route.functionName}, and by ${other.functionName} at ${at(other.place)}`
      report.error(route.place, message)
    }
  }
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
