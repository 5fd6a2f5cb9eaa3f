import { didYouMean } from '../lib/suggest.ts'
import type { Manifest } from './manifest.ts'
import { child } from './read.ts'
import type { Report } from './report.ts'
import type { MapNode } from './tree.ts'

/** What stands at the top of a manifest: what is read, and what is known and not for us. */
const ROOT = [
  'stepFunctions',
  'constructs',
  'appSync',
  'app',
  'org',
  'build',
  'stages',
  'outputs',
  'service',
  'provider',
  'functions',
  'custom',
  'package',
  'plugins',
  'params',
  'useDotenv',
  'resources',
  'layers',
  'frameworkVersion',
]

/** What is read of `provider`. */
const PROVIDER = [
  'name',
  'runtime',
  'stage',
  'region',
  'timeout',
  'memorySize',
  'environment',
  'apiGateway',
  'httpApi',
  'tags',
  'stackTags',
  'logs',
  'apiKeys',
  'usagePlan',
  'capacityProviders',
]

/**
 * A note for each key that looks like a slip of one that is read. A manifest holds much that is for
 * deploying alone, and a key that is like nothing here is taken for that.
 */
export function noteSlips(
  report: Report,
  owner: string,
  node: MapNode,
  known: readonly string[],
): void {
  for (const [key, { place }] of node.entries) {
    const guess = known.includes(key) ? '' : didYouMean(key, known)
    if (guess !== '') report.note(place, `${owner}: unknown key "${key}"${guess}`)
  }
}

/** An error for each key that is not known, where one that is passed over would open what it guards. */
export function refuseUnknownKeys(
  report: Report,
  owner: string,
  node: MapNode,
  known: readonly string[],
): void {
  for (const [key, { place }] of node.entries) {
    if (known.includes(key)) continue
    report.error(place, `${owner}: unknown key "${key}"${didYouMean(key, known)}`)
  }
}

/** `noteSlips` for the manifest itself and its provider. */
export function noteSlipsOfManifest({ report, root, ...reading }: Manifest): void {
  if (root.kind !== 'map') return
  noteSlips(report, 'the manifest', root, ROOT)
  const provider = child({ report, ...reading }, root, 'provider')
  if (provider?.kind === 'map') noteSlips(report, 'provider', provider, PROVIDER)
}
