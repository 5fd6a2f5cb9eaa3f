import type { HttpRoute } from '../model/app.ts'
import type { Manifest } from './manifest.ts'
import { child, exactText, flag, ifKnown, items } from './read.ts'
import type { Node } from './tree.ts'

/**
 * The values that `x-api-key` may have: `provider.apiGateway.apiKeys`, a list of names (AWS draws
 * their values), of `{name, value}`, or of `{usagePlan: [keys]}` (serverless.com, "Setting API
 * keys").
 */
export function readApiKeys(manifest: Manifest, routes: readonly HttpRoute[]): string[] {
  const provider = child(manifest, manifest.root, 'provider')
  const list =
    child(manifest, provider, 'apiGateway', 'apiKeys') ?? child(manifest, provider, 'apiKeys')
  const values = items(manifest, ifKnown(manifest, list, 'apiKeys'), 'apiKeys').flatMap((key) =>
    keyValues(manifest, key),
  )
  const guarded = routes.find(({ apiKeyRequired }) => apiKeyRequired)
  if (guarded !== undefined && values.length === 0) {
    const message =
      'no value of an API key is known here, so every request to this route is refused'
    manifest.report.note(guarded.place, message)
  }
  return values
}

function keyValues(manifest: Manifest, key: Node): string[] {
  if (key.kind === 'scalar') {
    manifest.report.note(
      key.place,
      `API key "${key.value}": AWS draws its value, so none is known here`,
    )
    return []
  }
  if (key.kind !== 'map') return []
  if (!key.entries.has('value') && !key.entries.has('name')) {
    const plans = [...key.entries.values()].map(({ value }) => manifest.resolve(value))
    return plans
      .flatMap((plan) => items(manifest, plan, 'apiKeys'))
      .flatMap((each) => keyValues(manifest, each))
  }
  if (flag(manifest, child(manifest, key, 'enabled'), 'enabled') === false) return []
  // A placeholder must never become a key that opens a route.
  const value = exactText(
    manifest,
    ifKnown(manifest, child(manifest, key, 'value'), 'the API key'),
    'the API key',
  )
  return value === undefined || value === '' ? [] : [value]
}
