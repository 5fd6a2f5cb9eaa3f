import { pluginNames, type Manifest } from './manifest.ts'
import { child, ifKnown, settings, text } from './read.ts'
import { isPresent } from './tree.ts'

/** Where plugins have them: Serverless itself sets none. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  'serverless-plugin-stage-variables': ['stageVariables'],
  'serverless-api-stage': ['stageSettings', 'Variables'],
}

/** The stage variables of a manifest's REST API, as the plugins that it names would set them. */
export function readStageVariables(manifest: Manifest): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const plugin of pluginNames(manifest, manifest.root)) {
    const words = Object.hasOwn(WORDS, plugin) ? WORDS[plugin] : undefined
    if (words === undefined) continue
    const written = child(manifest, manifest.root, 'custom', ...words)
    const map = ifKnown(manifest, written, 'the stage variables')
    for (const { key, value } of settings(manifest, map, 'the stage variables')) {
      if (isPresent(value)) variables[key] = text(manifest, value, key) ?? ''
    }
  }
  return variables
}
