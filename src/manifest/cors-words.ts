import { didYouMean } from '../lib/suggest.ts'
import type { Manifest } from './manifest.ts'
import { exactText, items, settings } from './read.ts'
import type { Node } from './tree.ts'

/** The headers that Serverless lets pages send where a manifest names none. */
export const DEFAULT_CORS_HEADERS: readonly string[] = [
  'Content-Type',
  'X-Amz-Date',
  'Authorization',
  'X-Api-Key',
  'X-Amz-Security-Token',
  'X-Amz-User-Agent',
  'X-Amzn-Trace-Id',
]

/** One text, or a list of them; undefined where nothing is written. */
export function readTexts(
  manifest: Manifest,
  node: Node | undefined,
  what: string,
): string[] | undefined {
  if (node === undefined) return undefined
  const list = node.kind === 'list' ? items(manifest, node, what) : [node]
  return list.map((each) => exactText(manifest, each, what)).filter((each) => each !== undefined)
}

/** Refuses a key of `cors` that is not known. */
export function refuseOtherCorsKeys(
  manifest: Manifest,
  node: Node,
  known: readonly string[],
): void {
  for (const { key, place } of settings(manifest, node, 'cors')) {
    if (known.includes(key)) continue
    manifest.report.error(place, `"${key}" of cors is not supported${didYouMean(key, known)}`)
  }
}
