import { pluginNames, type Manifest } from './manifest.ts'
import { child, exactText, expected, flag, ifKnown, items } from './read.ts'
import type { Node } from './tree.ts'

/** How serverless-domain-manager calls the kinds of API. */
type ApiType = 'rest' | 'http'

/**
 * What stands before the paths of an API on its custom domain: `basePath` of `custom.customDomain` or
 * `customDomains` (serverless-domain-manager). `{}` where it has none; of several domains the first
 * with one counts.
 */
export function basePathOf(manifest: Manifest, type: ApiType): { readonly basePath?: string } {
  if (!pluginNames(manifest, manifest.root).includes('serverless-domain-manager')) return {}
  const custom = child(manifest, manifest.root, 'custom')
  const one = ifKnown(manifest, child(manifest, custom, 'customDomain'), 'customDomain')
  const several = ifKnown(manifest, child(manifest, custom, 'customDomains'), 'customDomains')
  const domains = [
    ...(one === undefined ? [] : [one]),
    ...items(manifest, several, 'customDomains'),
  ].flatMap((domain) => ofType(manifest, domain, type) ?? [])
  const paths = domains.flatMap((domain) => readBasePath(manifest, domain) ?? [])
  const [first, ...others] = paths
  const other = others.find(({ basePath }) => basePath !== first?.basePath)
  if (other !== undefined) {
    const message = `an API has one base path here: ${first?.basePath} is served, ${other.basePath} is not`
    manifest.report.note(other.node.place, message)
  }
  return first === undefined ? {} : { basePath: first.basePath }
}

/** A domain is for the kinds of API that are its keys; without those for its `apiType`, `rest` by default. */
function ofType(manifest: Manifest, domain: Node, type: ApiType): Node | undefined {
  const types = ['rest', 'http', 'websocket'].filter((each) => child(manifest, domain, each))
  if (types.length > 0) return child(manifest, domain, type)
  const own = exactText(manifest, child(manifest, domain, 'apiType'), 'apiType') ?? 'rest'
  return own.toLowerCase() === type ? domain : undefined
}

const SEGMENT = /^[\w$.+!*'()~-]+$/

function readBasePath(
  manifest: Manifest,
  domain: Node,
): { readonly basePath: string; readonly node: Node } | undefined {
  if (flag(manifest, child(manifest, domain, 'enabled'), 'enabled') === false) return undefined
  const node = ifKnown(manifest, child(manifest, domain, 'basePath'), 'basePath')
  const path = exactText(manifest, node, 'basePath')?.replace(/^\/+|\/+$/g, '')
  if (node === undefined || path === undefined || path === '' || path === '(none)') {
    return undefined
  }
  if (path.split('/').every((segment) => SEGMENT.test(segment))) {
    return { basePath: `/${path}`, node }
  }
  return expected(manifest, node, 'basePath to be a path such as v1')
}
