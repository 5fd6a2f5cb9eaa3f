import type { Place } from '../lib/errors.ts'
import type { HttpRoute } from '../model/app.ts'
import type { ApiKey } from '../model/front-rules.ts'
import type { Manifest } from './manifest.ts'
import { child, exactText, flag, ifKnown, items, text } from './read.ts'
import type { MapNode, Node } from './tree.ts'

/** A key, and the usage plan under whose name it stands; none for a key without one. */
export interface PlannedKey extends ApiKey {
  readonly plan?: string
  readonly place: Place
}

/**
 * The keys whose values are known: `provider.apiGateway.apiKeys`, a list of names (AWS draws their
 * values), of `{name, value}`, or of `{usagePlan: [keys]}` (serverless.com, "Setting API keys").
 */
export function readApiKeys(manifest: Manifest, routes: readonly HttpRoute[]): PlannedKey[] {
  const provider = child(manifest, manifest.root, 'provider')
  const list =
    child(manifest, provider, 'apiGateway', 'apiKeys') ?? child(manifest, provider, 'apiKeys')
  const keys = items(manifest, ifKnown(manifest, list, 'apiKeys'), 'apiKeys').flatMap((item) =>
    readItem(manifest, item),
  )
  const guarded = routes.find(({ apiKeyRequired }) => apiKeyRequired)
  if (guarded !== undefined && keys.length === 0) {
    const message =
      'no value of an API key is known here, so every request to this route is refused'
    manifest.report.note(guarded.place, message)
  }
  return keys
}

function readItem(manifest: Manifest, item: Node): PlannedKey[] {
  const isGroup = item.kind === 'map' && !item.entries.has('value') && !item.entries.has('name')
  if (!isGroup) return readKey(manifest, item, {})
  return [...item.entries].flatMap(([plan, { value }]) =>
    items(manifest, manifest.resolve(value), 'apiKeys').flatMap((key) =>
      readKey(manifest, key, { plan }),
    ),
  )
}

function readKey(manifest: Manifest, key: Node, plan: { readonly plan?: string }): PlannedKey[] {
  if (key.kind === 'scalar') {
    manifest.report.note(
      key.place,
      `API key "${key.value}": AWS draws its value, so none is known here`,
    )
    return []
  }
  if (key.kind !== 'map') return []
  if (flag(manifest, child(manifest, key, 'enabled'), 'enabled') === false) return []
  const value = valueOf(manifest, key)
  if (value === undefined || value === '') return []
  const name = text(manifest, child(manifest, key, 'name'), 'the name of the API key') ?? ''
  return [{ name, value, ...plan, place: key.place }]
}

/** A placeholder must never become a key that opens a route. */
function valueOf(manifest: Manifest, key: MapNode): string | undefined {
  const value = ifKnown(manifest, child(manifest, key, 'value'), 'the API key')
  return exactText(manifest, value, 'the API key')
}
