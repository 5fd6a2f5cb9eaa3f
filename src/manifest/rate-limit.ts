import { didYouMean } from '../lib/suggest.ts'
import type { HttpApi, HttpRoute } from '../model/app.ts'
import type { Throttle } from '../model/front-rules.ts'
import { reportUnknown } from './limit-words.ts'
import { child, settings, type Setting } from './read.ts'
import type { Section } from './spillway-yml.ts'
import { readThrottle } from './throttle.ts'

const KNOWN = ['default', 'routes', 'onRedisDown']
/** More routes than this are not listed in an error. */
const NAMED_MAX = 8
const WORDS = { rate: 'rate', burst: 'burst' }

/**
 * The APIs with what `rateLimit` says of their routes. A route that it names has the throttle it is
 * given there; one without any, neither there nor in its manifest, has the default.
 */
export function applyRateLimits(
  apis: readonly HttpApi[],
  sections: readonly Section[],
): readonly HttpApi[] {
  const routes = apis.flatMap((api) => api.routes)
  // The last section has the first word.
  const read = sections.map((section) => readSection(section, routes)).toReversed()
  const throttleOf = (route: HttpRoute): Throttle | undefined =>
    read.find((each) => each.named.has(route))?.named.get(route) ??
    route.throttle ??
    read.find((each) => each.fallback !== undefined && each.speaksOf(route))?.fallback
  return apis.map((api) => ({
    ...api,
    routes: api.routes.map((route) => {
      const throttle = throttleOf(route)
      return throttle === undefined ? route : { ...route, throttle }
    }),
  }))
}

interface RateLimits {
  readonly named: ReadonlyMap<HttpRoute, Throttle>
  readonly fallback: Throttle | undefined
  readonly speaksOf: (route: HttpRoute) => boolean
}

function readSection(section: Section, routes: readonly HttpRoute[]): RateLimits {
  const node = child(section, section.node, 'rateLimit')
  for (const setting of settings(section, node, 'rateLimit')) {
    if (!KNOWN.includes(setting.key)) reportUnknown(section, setting, { known: KNOWN, later: [] })
  }
  const functions = new Set(section.functions.map(({ name }) => name))
  const speaksOf = ({ functionName }: HttpRoute): boolean => functions.has(functionName)
  const own = routes.filter(speaksOf)
  const named = new Map<HttpRoute, Throttle>()
  for (const setting of settings(section, child(section, node, 'routes'), 'routes').sort(
    byLength,
  )) {
    const throttle = readThrottle(section, setting.value, `the rate of ${setting.key}`, WORDS)
    for (const route of matching(section, setting, own)) {
      if (throttle !== undefined) named.set(route, throttle)
    }
  }
  const fallback = readThrottle(section, child(section, node, 'default'), 'the default rate', WORDS)
  return { named, fallback, speaksOf }
}

/** Of two patterns that match a route the longer one says more of it, and comes last. */
function byLength(one: Setting, other: Setting): number {
  return one.key.length - other.key.length
}

/** The routes of `POST /lead/*`, `* /lead` or `$default`; an error where there is none. */
function matching(section: Section, { key, place }: Setting, routes: readonly HttpRoute[]) {
  const parts = key.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
  const pattern = new RegExp(`^${parts.join('.*')}$`)
  const found = routes.filter((route) => pattern.test(keyOf(route)))
  if (found.length === 0) {
    section.report.error(place, `no route is "${key}"${hintOf(key, routes.map(keyOf))}`)
  }
  return found
}

function hintOf(key: string, known: readonly string[]): string {
  const some = known.slice(0, NAMED_MAX).join(', ')
  const others = known.length > NAMED_MAX ? ' and others' : ''
  return didYouMean(key, known) || (known.length === 0 ? '' : `; there are ${some}${others}`)
}

function keyOf({ method, path }: HttpRoute): string {
  return path === '$default' ? path : `${method} ${path}`
}
