import type { RouteTarget } from './router.ts'

/**
 * The routes that are reached without the base path of their API too: all that no other API has as
 * well, so that none hides another. A Function URL has the whole of `/` only where it is alone.
 */
export function reachedWithoutBase(targets: readonly RouteTarget[]): RouteTarget[] {
  const owners = new Map<string, Set<RouteTarget['api']>>()
  for (const target of targets) {
    const key = sameRoute(target)
    const known = owners.get(key)
    if (known === undefined) owners.set(key, new Set([target.api]))
    else known.add(target.api)
  }
  const apis = new Set(targets.map(({ api }) => api))
  return targets.filter((target) => {
    const { api } = target
    if (api.basePath === undefined) return true
    return api.front === 'function-url'
      ? apis.size === 1
      : owners.get(sameRoute(target))?.size === 1
  })
}

/** Equal for two routes that the same requests fit, whatever their parameters are called. */
function sameRoute({ api, route }: RouteTarget): string {
  return `${api.front} ${route.method} ${route.path.replace(/\{[^}]*?(\+?)\}/g, '{$1}')}`
}
