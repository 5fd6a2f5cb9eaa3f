import { resolve } from 'node:path'
import { isDirectory } from './files.ts'
import type { Manifest } from './manifest.ts'
import { child, exactText, items, settings } from './read.ts'
import type { Node } from './tree.ts'

/**
 * The folders of `layers`, of a function or else of the provider: local paths, and references to the
 * manifest's own layers as Serverless names them. What is only on AWS becomes a note.
 */
export function readLayers(manifest: Manifest, node: Node, key: string): string[] {
  const own = child(manifest, node, 'layers')
  const list = own ?? child(manifest, manifest.root, 'provider', 'layers')
  if (list?.kind === 'unknown') return notLoaded(manifest, list, key, list.why)
  const declared = declaredLayers(manifest)
  const paths = items(manifest, list, `layers of ${key}`).flatMap((item) =>
    readLayer(manifest, { item, key, declared }),
  )
  return [...new Set(paths)]
}

interface Layer {
  readonly item: Node
  readonly key: string
  /** Paths, by logical id. */
  readonly declared: ReadonlyMap<string, string | undefined>
}

function readLayer(manifest: Manifest, { item, key, declared }: Layer): string[] {
  if (item.kind === 'unknown') {
    const id = /^\$\{(\w+)\}$/.exec(item.text)?.[1] ?? ''
    if (!declared.has(id)) return notLoaded(manifest, item, key, item.why)
    const path = declared.get(id)
    return path === undefined
      ? notLoaded(manifest, item, key, 'it has no path')
      : folder(manifest, item, key, path)
  }
  const text = exactText(manifest, item, `a layer of ${key}`)
  if (text === undefined) return []
  if (!text.startsWith('arn:')) return folder(manifest, item, key, text)
  const how = 'put its content into a folder and write that folder’s path here instead'
  return notLoaded(manifest, item, key, `${text} is on AWS; to have it, ${how}`)
}

function folder(manifest: Manifest, { place }: Node, key: string, path: string): string[] {
  const absolute = resolve(manifest.directory, path)
  if (isDirectory(absolute)) return [absolute]
  manifest.report.note(place, `${key}: a layer is not loaded: there is no folder ${path}`)
  return []
}

function notLoaded(manifest: Manifest, { place }: Node, key: string, why: string): string[] {
  manifest.report.note(place, `${key}: a layer is not loaded: ${why}`)
  return []
}

/** `layers` at the top, by the id that Serverless gives each in the stack. */
function declaredLayers(manifest: Manifest): Map<string, string | undefined> {
  const layers = child(manifest, manifest.root, 'layers')
  if (layers?.kind !== 'map') return new Map()
  return new Map(
    settings(manifest, layers, 'layers').map(({ key, value }) => {
      const path = child(manifest, value, 'path')
      return [logicalId(key), path === undefined ? undefined : exactText(manifest, path, 'path')]
    }),
  )
}

/** Serverless, `lib/plugins/aws/lib/naming.js`: `my-lib` is `MyDashlibLambdaLayer`. */
function logicalId(name: string): string {
  const plain = name.replaceAll('-', 'Dash').replaceAll('_', 'Underscore')
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}LambdaLayer`
}
