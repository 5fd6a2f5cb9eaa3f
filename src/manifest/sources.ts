import { homedir } from 'node:os'
import { extname, resolve as resolvePath } from 'node:path'
import { didYouMean } from '../lib/suggest.ts'
import type { Variables } from './dotenv.ts'
import { displayPath, type Files } from './files.ts'
import type { Ask, LookUp, Resolver } from './resolve.ts'
import { isPresent, knownOnDeploy, scalar, unknown, type Node } from './tree.ts'

/** What the variables of one manifest see. */
export interface Scope {
  /** The manifest itself, `provider.stage` and `provider.region` filled in. */
  readonly root: Node
  /** What `file()` is relative to. */
  readonly directory: string
  readonly files: Files
  readonly env: Variables
  /** `--stage` and `--region`, where given. */
  readonly options: Variables
  /** `--param`. */
  readonly params: Readonly<Record<string, string>>
  readonly stage: string
  readonly region: string
  readonly accountId: string
  /** `${sls:instanceId}`: drawn once for each reading. */
  readonly instanceId: string
}

type Source = (ask: Ask, scope: Scope, resolver: Resolver) => Node

/** Serverless's own sources, by what stands before the colon (serverless.com, "Variables"). */
const SOURCES: Readonly<Record<string, Source>> = {
  self: (ask, scope, resolver) => walk(scope.root, ask, resolver),
  opt: readOption,
  env: (ask, { env }) =>
    found(env[ask.address], ask, `${ask.address} is not set in the environment`),
  file: readFileSource,
  sls: (ask, { stage, instanceId }) => {
    const values: Variables = { stage, instanceId }
    return found(values[ask.address], ask, `sls: knows only stage and instanceId`)
  },
  param: readParam,
  aws: (ask, { region, accountId }) => {
    const values: Variables = { region, accountId }
    return found(values[ask.address], ask, `aws: knows only region and accountId`)
  },
  strToBool: (ask) => stringToBoolean(ask),
}

/** Look-ups that a deployment makes in the account or with tools of its own. */
const ONLY_ON_DEPLOY = new Set([
  'ssm',
  'cf',
  's3',
  'output',
  'git',
  'vault',
  'doppler',
  'terraform',
])

/** Looks variables up in a scope. */
export function lookUpIn(scope: Scope): LookUp {
  return (ask, resolver) => {
    const source = Object.hasOwn(SOURCES, ask.type) ? SOURCES[ask.type] : undefined
    if (source !== undefined) return source(ask, scope, resolver)
    // `cf.us-east-1:` is `cf:` in another region.
    const [type = ''] = ask.type.split('.')
    if (ONLY_ON_DEPLOY.has(type)) {
      return knownOnDeploy(
        shown(ask),
        `${type}: is looked up only when deploying to AWS`,
        ask.place,
      )
    }
    const guess = didYouMean(ask.type, [...Object.keys(SOURCES), ...ONLY_ON_DEPLOY])
    return knownOnDeploy(shown(ask), `"${ask.type}:" is no source known here${guess}`, ask.place)
  }
}

/** `${ssm:/leads/db}`, as the placeholder of what was asked for. */
function shown({ type, params, address }: Ask): string {
  const brackets = params.length === 0 ? '' : `(${params.join(', ')})`
  return `\${${type}${brackets}${address === '' ? '' : `:${address}`}}`
}

function found(value: string | undefined, ask: Ask, why: string): Node {
  return value === undefined ? unknown(shown(ask), why, ask.place) : scalar(value, ask.place)
}

/**
 * A flag of the command line. `${opt:stage}` without a fallback is the stage all the same: Serverless
 * would ask for `--stage`, and nothing here should fail for the want of it.
 */
function readOption(ask: Ask, { options, stage, region }: Scope): Node {
  const defaults: Variables = ask.isLast ? { stage, region } : {}
  const value = options[ask.address] ?? defaults[ask.address]
  return found(value, ask, `the command line has no --${ask.address}`)
}

/** Follows `a.b.0` down from a node, working out only what lies on the way. */
function walk(root: Node, ask: Ask, resolver: Resolver): Node {
  let node = resolver.resolve(root)
  const steps = ask.address === '' ? [] : ask.address.split('.')
  for (const step of steps) {
    const next = childOf(node, step)
    if (next === undefined) {
      if (node.kind === 'unknown') return node
      const guess = node.kind === 'map' ? didYouMean(step, node.entries.keys()) : ''
      return unknown(shown(ask), `there is no "${step}" at ${shown(ask)}${guess}`, ask.place)
    }
    node = resolver.resolve(next)
  }
  return isPresent(node) ? node : unknown(shown(ask), `${shown(ask)} is empty`, ask.place)
}

function childOf(node: Node, step: string): Node | undefined {
  if (node.kind === 'map') return node.entries.get(step)?.value
  if (node.kind === 'list') return node.items[Number(step)]
  return undefined
}

/** `${file(./config.yml):a.b}`; any other kind of file is its text, as in Serverless. */
function readFileSource(ask: Ask, scope: Scope, resolver: Resolver): Node {
  const [name = ''] = ask.params
  const path = resolvePath(scope.directory, name.replace(/^~(?=\/)/, homedir()))
  const shownPath = displayPath(path)
  if (/^\.[cm]?[jt]s$/.test(extname(path))) {
    return knownOnDeploy(shown(ask), `${shownPath} is a script, and scripts are not run`, ask.place)
  }
  const isTree = /^\.(ya?ml|json|tfstate)$/.test(extname(path))
  const text = scope.files.read(path)
  if (name === '' || text === undefined) {
    return unknown(shown(ask), `there is no file ${shownPath}`, ask.place)
  }
  if (!isTree) return scalar(text.trim(), ask.place)
  const tree = scope.files.tree(path)
  if (tree === undefined) return unknown(shown(ask), `${shownPath} cannot be read`, ask.place)
  return walk(tree, ask, resolver)
}

/** `--param` first, then the manifest's `params` of the stage, then its `params.default`. */
function readParam(ask: Ask, scope: Scope, resolver: Resolver): Node {
  const given = Object.hasOwn(scope.params, ask.address) ? scope.params[ask.address] : undefined
  if (given !== undefined) return scalar(given, ask.place)
  for (const stage of [scope.stage, 'default']) {
    const value = walk(scope.root, { ...ask, address: `params.${stage}.${ask.address}` }, resolver)
    if (value.kind !== 'unknown' || value.knownOnDeploy) return value
  }
  return unknown(shown(ask), `no parameter "${ask.address}" is given`, ask.place)
}

function stringToBoolean(ask: Ask): Node {
  const word = (ask.params[0] ?? '').trim().toLowerCase()
  if (word === 'true' || word === '1') return scalar(true, ask.place)
  if (word === 'false' || word === '0') return scalar(false, ask.place)
  return unknown(shown(ask), `strToBool expects true, false, 1 or 0, got: "${word}"`, ask.place)
}
