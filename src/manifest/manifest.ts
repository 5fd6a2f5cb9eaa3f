import { randomBytes } from 'node:crypto'
import { dirname, resolve as resolvePath } from 'node:path'
import { DEFAULT_ACCOUNT_ID } from '../model/arn.ts'
import { loadDotenv, loadDotenvPlugin, type Variables } from './dotenv.ts'
import { displayPath, type Files } from './files.ts'
import { withDefault } from './parse.ts'
import { child, exactText, flag, items, text, type Reading } from './read.ts'
import { createReport, type Report } from './report.ts'
import { createResolver } from './resolve.ts'
import { lookUpIn, type Scope } from './sources.ts'
import { stackValues, type StackValue } from './stack.ts'
import type { MapNode, Node } from './tree.ts'

/** A serverless.yml, open for reading. */
export interface Manifest extends StackReading {
  readonly root: Node
  /** Absolute. */
  readonly directory: string
  /** As messages name it. */
  readonly file: string
  readonly files: Files
  readonly serviceName: string
  readonly stage: string
  readonly region: string
  /** What a plugin puts into every function's environment, below what the manifest sets. */
  readonly environment: Readonly<Record<string, string>>
}

/** What the command line and the environment say about how manifests are read. */
export interface Settings {
  readonly stage?: string | undefined
  readonly region?: string | undefined
  readonly params: Readonly<Record<string, string>>
  /** The process's environment with `--env-file` below it. */
  readonly env: Variables
}

/** What Serverless fills in where neither the command line nor the manifest names one. */
export const DEFAULT_STAGE = 'dev'
/** The same for the region. */
export const DEFAULT_REGION = 'us-east-1'

/** What a reading shares: the settings, the files and the report. */
export interface Context {
  readonly settings: Settings
  readonly files: Files
  readonly report: Report
}

/** Opens a manifest; undefined, and an error in the report, where it cannot be read at all. */
export function openManifest(path: string, context: Context): Manifest | undefined {
  const { files, report } = context
  const tree = files.tree(path)
  if (tree === undefined) return undefined
  if (tree.kind !== 'map') {
    report.error(tree.place, 'expected a manifest with "service", "provider" and "functions"')
    return undefined
  }
  const directory = dirname(path)
  const { root, stage, region } = fillIn(tree, directory, context)
  const base = { files, directory, file: displayPath(path), stage, region }
  const bare = readingOf(scopeOf(root, base, context), report)
  const dotenv = readDotenv(bare, root, base, context)
  const env = { ...dotenv.variables, ...context.settings.env }
  const reading = readingOf({ ...scopeOf(root, base, context), env }, report)
  const serviceName = readServiceName(reading, root)
  return { ...base, ...reading, root, serviceName, environment: dotenv.injected }
}

/** Where a tree stands, and for which stage and region it is read. */
export type Base = Pick<Manifest, 'files' | 'directory' | 'stage' | 'region'>

/** What the variables of a tree see. */
export function scopeOf(root: Node, base: Base, { settings }: Context): Scope {
  return {
    ...base,
    root,
    env: settings.env,
    options: { stage: settings.stage, region: settings.region },
    params: settings.params,
    accountId: DEFAULT_ACCOUNT_ID,
    instanceId: randomBytes(6).toString('hex'),
  }
}

/** A reading that knows what the tree's own resources are called. */
export interface StackReading extends Reading {
  readonly stackValue: StackValue
}

/** A reading of a tree whose variables look into the scope. */
export function readingOf(scope: Scope, report: Report): StackReading {
  const pseudo = (): Record<string, string> => ({
    'AWS::Region': scope.region,
    'AWS::AccountId': scope.accountId,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': `${readServiceName(quiet, scope.root)}-${scope.stage}`,
  })
  const stackValue: StackValue = (logicalId, attribute) => values(logicalId, attribute)
  const resolver = createResolver({ lookUp: lookUpIn(scope), pseudo, stackValue, report })
  const quiet = { ...resolver, report: createReport() }
  const { region, accountId, stage } = scope
  const serviceName = (): string => readServiceName(quiet, scope.root)
  const values = stackValues(quiet, scope.root, { region, accountId, stage, serviceName })
  return { ...resolver, stackValue, report }
}

/**
 * The manifest with `provider.stage` and `provider.region` in it: real manifests say
 * `${opt:stage, self:provider.stage}` and set neither. Read quietly and thrown away, because stage
 * and dotenv files decide what the second, real reading sees.
 */
function fillIn(
  tree: MapNode,
  directory: string,
  context: Context,
): { root: MapNode; stage: string; region: string } {
  const base = { files: context.files, directory, stage: DEFAULT_STAGE, region: DEFAULT_REGION }
  const stageOption = context.settings.stage
  const scope = scopeOf(tree, { ...base, stage: stageOption ?? DEFAULT_STAGE }, context)
  const quiet = readingOf(scope, createReport())
  const entry = tree.entries.get('provider')
  const place = entry?.place ?? tree.place
  const written = entry === undefined ? undefined : quiet.resolve(entry.value)
  if (written?.kind === 'unknown') {
    context.report.note(place, `provider is taken as not set: ${written.why}`)
  }
  const provider = asMap(written, place)
  const withStage = withDefault(provider, 'stage', stageOption ?? DEFAULT_STAGE)
  const filled = withDefault(withStage, 'region', context.settings.region ?? DEFAULT_REGION)
  const entries = new Map([...tree.entries, ['provider', { place, value: filled }] as const])
  const root = { ...tree, entries }
  const again = readingOf(scopeOf(root, scope, context), createReport())
  const setting = (key: string): string | undefined =>
    exactText(again, child(again, root, 'provider', key), key)
  return {
    root,
    stage: stageOption ?? setting('stage') ?? DEFAULT_STAGE,
    region: context.settings.region ?? setting('region') ?? DEFAULT_REGION,
  }
}

/** `provider: aws` is short for `provider: {name: aws}`. */
function asMap(node: Node | undefined, place: MapNode['place']): MapNode {
  if (node?.kind === 'map') return node
  const entries = node?.kind === 'scalar' ? [['name', { place, value: node }] as const] : []
  return { kind: 'map', entries: new Map(entries), place }
}

function readServiceName(reading: Reading, root: Node): string {
  const service = child(reading, root, 'service')
  const name = service?.kind === 'map' ? child(reading, service, 'name') : service
  if (name === undefined) {
    reading.report.error(
      root.place,
      'expected "service" with the name of the service, got: nothing',
    )
    return 'service'
  }
  return text(reading, name, 'service') ?? 'service'
}

interface Dotenv {
  /** What `${env:…}` sees besides the environment. */
  readonly variables: Variables
  /** What every function gets. */
  readonly injected: Readonly<Record<string, string>>
}

function readDotenv(reading: Reading, root: Node, base: Base, { settings }: Context): Dotenv {
  const { directory, stage, files } = base
  if (pluginNames(reading, root).includes('serverless-dotenv-plugin')) {
    const name = settings.env['NODE_ENV'] ?? settings.stage ?? 'development'
    return readPluginDotenv(reading, root, { directory, name, files })
  }
  const useDotenv = flag(reading, child(reading, root, 'useDotenv'), 'useDotenv') === true
  return { variables: useDotenv ? loadDotenv(directory, stage, files) : {}, injected: {} }
}

function readPluginDotenv(
  reading: Reading,
  root: Node,
  at: { directory: string; name: string; files: Files },
): Dotenv {
  const config = child(reading, root, 'custom', 'dotenv')
  const setting = (key: string): string | undefined => {
    const node = child(reading, config, key)
    return node?.kind === 'list' ? undefined : exactText(reading, node, `custom.dotenv.${key}`)
  }
  const directory = resolvePath(at.directory, setting('basePath') ?? '.')
  const variables = loadDotenvPlugin(directory, at.name, at.files, setting('path'))
  const names = (key: string): string[] | undefined => {
    const list = child(reading, config, key)
    if (list === undefined || list.kind !== 'list') return undefined
    return items(reading, list, key).map((item) => text(reading, item, key) ?? '')
  }
  const include = names('include')
  const exclude = names('exclude') ?? []
  const isWanted = (name: string): boolean => include?.includes(name) ?? !exclude.includes(name)
  const entries = Object.entries(variables).filter(([name]) => isWanted(name))
  return {
    variables,
    injected: Object.fromEntries(entries.map(([key, value]) => [key, value ?? ''])),
  }
}

/** The plugins a manifest names, in either of its two forms. */
export function pluginNames(reading: Reading, root: Node): string[] {
  return pluginNodes(reading, root).map((node) => String(node.kind === 'scalar' && node.value))
}

/** The same with their places. */
export function pluginNodes(reading: Reading, root: Node): Node[] {
  const plugins = child(reading, root, 'plugins')
  const list = plugins?.kind === 'map' ? child(reading, plugins, 'modules') : plugins
  if (list?.kind !== 'list') return []
  return items(reading, list, 'plugins').filter((item) => item.kind === 'scalar')
}
