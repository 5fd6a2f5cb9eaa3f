import type { FunctionDefinition } from '../model/app.ts'
import { findHandler, findPythonHandler, type FoundHandler } from './handler.ts'
import { readLayers } from './layers.ts'
import type { Manifest } from './manifest.ts'
import {
  child,
  exactText,
  expected,
  ifKnown,
  items,
  oneOf,
  settings,
  text,
  wholeNumber,
  type Range,
  type Setting,
} from './read.ts'
import { noteSlips } from './slips.ts'
import { isPresent, type MapNode, type Node } from './tree.ts'

/** A function of a manifest, and what else the manifest says about it. */
export interface DeclaredFunction {
  readonly definition: FunctionDefinition
  /** The whole entry, for its events and limits. */
  readonly node: Node
}

/**
 * The runtime where none is named. Serverless says nodejs14.x to nodejs20.x, by its version; the
 * name only picks an interpreter, and all of those are past their end.
 */
const DEFAULT_RUNTIME = 'nodejs24.x'
/** Serverless's own defaults; Lambda's are 3 s and 128 MB. */
const DEFAULT_TIMEOUT_S = 6
const DEFAULT_MEMORY_MB = 1024
const TIMEOUT_S = { min: 1, max: 900, unit: 'seconds' }
const MEMORY_MB = { min: 128, max: 32_768, unit: 'MB' }

/** What a function may say. Only near misses of these are reported: plugins add keys of their own. */
const KNOWN_KEYS = `
  handler name description runtime timeout memorySize environment events tags logs package
  reservedConcurrency provisionedConcurrency capacityProvider layers image url destinations
  onError maximumRetryAttempts maximumEventAge role vpc architecture tracing condition dependsOn kmsKeyArn ephemeralStorageSize
`
  .trim()
  .split(/\s+/)

/** What changes how a function runs and is not served yet. */
const NOT_YET: Readonly<Record<string, string>> = {
  image: 'container images are not served',
  fileSystemConfig: 'file systems are not mounted',
  capacityProvider: 'of the capacity provider only the limits are used: the function runs here',
}

/** Reads `functions`, a map or a list of maps. */
export function readFunctions(manifest: Manifest): DeclaredFunction[] {
  const node = child(manifest, manifest.root, 'functions')
  const maps = node?.kind === 'list' ? items(manifest, node, 'functions') : [node]
  const entries = maps.flatMap((map) => settings(manifest, map, 'functions'))
  if (entries.length === 0 && node?.kind !== 'unknown') {
    manifest.report.note(manifest.root.place, 'no functions here')
  }
  return entries
    .filter(({ value }) => isPresent(value))
    .map((entry) => readFunction(manifest, entry))
    .filter((declared) => declared !== undefined)
}

function readFunction(manifest: Manifest, entry: Setting): DeclaredFunction | undefined {
  const { key, place, value: node } = entry
  if (node.kind !== 'map') return expected(manifest, node, `functions.${key} to be a map`)
  noteKeys(manifest, key, node)
  const setting = (name: string): Node | undefined => inherited(manifest, node, name)
  const number = (name: string, range: Range): number | undefined => {
    return wholeNumber(manifest, ifKnown(manifest, setting(name), name), name, range)
  }
  const runtime = text(manifest, setting('runtime'), 'runtime') ?? DEFAULT_RUNTIME
  const definition: FunctionDefinition = {
    name: readName(manifest, node, key),
    key,
    service: manifest.serviceName,
    runtime,
    handler: readHandler(manifest, entry, runtime),
    taskRoot: manifest.directory,
    timeoutMs: (number('timeout', TIMEOUT_S) ?? DEFAULT_TIMEOUT_S) * 1000,
    memoryMb: number('memorySize', MEMORY_MB) ?? DEFAULT_MEMORY_MB,
    description: text(manifest, child(manifest, node, 'description'), 'description') ?? '',
    environment: readEnvironment(manifest, node),
    tags: readTags(manifest, node),
    logFormat: readLogFormat(manifest, node),
    environmentConcurrency: 1,
    layers: readLayers(manifest, node, key),
    place,
  }
  noteRuntime(manifest, definition)
  return { definition, node }
}

/** A function's own setting, or the provider's. */
function inherited(manifest: Manifest, node: Node, name: string): Node | undefined {
  return child(manifest, node, name) ?? child(manifest, manifest.root, 'provider', name)
}

function readName(manifest: Manifest, node: Node, key: string): string {
  const { serviceName, stage } = manifest
  const given = ifKnown(manifest, child(manifest, node, 'name'), `the name of ${key}`)
  const name = exactText(manifest, given, 'name') ?? `${serviceName}-${stage}-${key}`
  if (!/^[\w-]+$/.test(name)) {
    const rule = 'letters, digits, "-" and "_"'
    const message = `expected the name of ${key} to be of ${rule}, got: "${name}"`
    manifest.report.error((given ?? node).place, message)
  }
  return name
}

function readHandler(manifest: Manifest, entry: Setting, runtime: string): string {
  const { key, place, value: node } = entry
  const written = child(manifest, node, 'handler')
  if (written === undefined && child(manifest, node, 'image') !== undefined) return ''
  if (written === undefined) {
    manifest.report.error(place, `expected ${key} to have a handler, got: nothing`)
    return ''
  }
  const handler = exactText(manifest, written, `handler of ${key}`)
  if (handler === undefined) return ''
  const found = findFor(runtime, handler, manifest.directory)
  if ('handler' in found) return found.handler
  manifest.report.error(written.place, `expected the handler of ${key} to be a file, ${found.why}`)
  return handler
}

/** What is to be found depends on the language; of others nothing is known. */
function findFor(runtime: string, handler: string, taskRoot: string): FoundHandler {
  if (runtime.startsWith('nodejs')) return findHandler(handler, taskRoot)
  if (runtime.startsWith('python')) return findPythonHandler(handler, taskRoot)
  return { handler }
}

/** The provider's variables with the function's on top; an empty value takes one away. */
function readEnvironment(manifest: Manifest, node: Node): Record<string, string> {
  const environment: Record<string, string> = { ...manifest.environment }
  for (const owner of [child(manifest, manifest.root, 'provider'), node]) {
    const variables = ifKnown(manifest, child(manifest, owner, 'environment'), 'environment')
    for (const { key, value } of settings(manifest, variables, 'environment')) {
      if (isPresent(value)) environment[key] = text(manifest, value, key) ?? ''
      else delete environment[key]
    }
  }
  return environment
}

function readTags(manifest: Manifest, node: Node): Record<string, string> {
  const provider = child(manifest, manifest.root, 'provider')
  const maps = [child(manifest, provider, 'stackTags'), child(manifest, provider, 'tags')]
  const tags: Record<string, string> = {}
  for (const map of [...maps, child(manifest, node, 'tags')]) {
    for (const { key, value } of settings(manifest, ifKnown(manifest, map, 'tags'), 'tags')) {
      if (isPresent(value)) tags[key] = text(manifest, value, `tag ${key}`) ?? ''
    }
  }
  return tags
}

function readLogFormat(manifest: Manifest, node: Node): 'Text' | 'JSON' {
  const own = child(manifest, node, 'logs', 'logFormat')
  const format = own ?? child(manifest, manifest.root, 'provider', 'logs', 'lambda', 'logFormat')
  const known = ifKnown(manifest, format, 'logFormat')
  return oneOf(manifest, known, 'logFormat', ['Text', 'JSON'] as const) ?? 'Text'
}

function noteKeys(manifest: Manifest, name: string, node: MapNode): void {
  for (const [key, { place, value }] of node.entries) {
    const notYet = Object.hasOwn(NOT_YET, key) ? NOT_YET[key] : undefined
    if (notYet !== undefined && isPresent(manifest.resolve(value))) {
      manifest.report.note(place, `${name}: ${notYet}`)
    }
  }
  noteSlips(manifest.report, name, node, KNOWN_KEYS)
}

function noteRuntime(manifest: Manifest, { key, runtime, place }: FunctionDefinition): void {
  if (/^(?:nodejs|python3\.|provided|go1\.x)/.test(runtime)) return
  const wayOut = /^(?:java|ruby|dotnet)/.test(runtime)
    ? '; with a bootstrap of its own and the runtime provided.al2023 it is'
    : ''
  manifest.report.note(place, `${key}: the runtime ${runtime} is not served yet${wayOut}`)
}
