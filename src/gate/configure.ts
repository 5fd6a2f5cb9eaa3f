import {
  PRIORITIES,
  type FunctionLimits,
  type Headroom,
  type LimitsConfig,
} from '../model/limits.ts'
import { NodeHeap, PARKED } from './heap.ts'
import { ceilingOf, guaranteeOf } from './limits.ts'
import type { Ask } from './gate.ts'
import { attach, detach, surface, totalOf } from './line.ts'
import {
  createNode,
  reclaim,
  UNLIMITED,
  type Branches,
  type LimitNode,
  type LimitTag,
} from './tree.ts'

/** Every limit there is now. */
export interface Limits {
  readonly account: LimitNode
  readonly groups: Map<string, LimitNode>
  readonly functions: Map<string, LimitNode>
  /** Are configured no more, and something of them runs. */
  readonly leaving: Map<string, LimitNode>
  readonly tags: Map<string, LimitTag>
  config: LimitsConfig
}

/** What the words of a configuration come to, for one node. */
interface Values {
  readonly max: number
  readonly guarantee: number
  readonly lend: number
  readonly weight: number
  readonly headroom: readonly number[]
}

const NOTHING_SAID: LimitsConfig = { account: { maxConcurrency: 0 }, groups: {}, functions: {} }

export function createLimits(config: LimitsConfig): Limits {
  const limits: Limits = {
    account: createNode('account', '', undefined),
    groups: new Map(),
    functions: new Map(),
    leaving: new Map(),
    tags: new Map(),
    config: NOTHING_SAID,
  }
  configureLimits(limits, config)
  return limits
}

/**
 * Puts a configuration in the place of the one before. Only what differs is touched, so that a change
 * of one limit among thousands of functions takes no longer than among ten. What runs goes on; a
 * function that is no longer configured stays as long as something of it runs, and admits nothing.
 */
export function configureLimits(limits: Limits, config: LimitsConfig): void {
  const before = limits.config
  limits.config = config
  const isSameMode = before.mode === config.mode
  configureTags(limits, config)
  if (before.account !== config.account || !isSameMode) {
    setValues(limits.account, accountValues(config))
  }
  configureGroups(limits, config)
  for (const [name, given] of Object.entries(config.functions)) {
    if (before.functions[name] === given && isSameMode) continue
    configureFunction(limits, name, given)
  }
  removeFunctions(limits)
  removeGroups(limits)
}

/** Its `spillway.yml` may go on saying what Lambda does not know: in mode `aws` that is not in force. */
function isAws({ mode }: LimitsConfig): boolean {
  return mode === 'aws'
}

function accountValues(config: LimitsConfig): Values {
  const { maxConcurrency, headroom } = config.account
  return valuesOf({ maxConcurrency, ...(isAws(config) ? {} : { headroom }) }, 0)
}

function valuesOf(
  given: {
    readonly maxConcurrency?: number | undefined
    readonly lend?: number | undefined
    readonly weight?: number | undefined
    readonly headroom?: Headroom | undefined
  },
  guarantee: number,
): Values {
  const { maxConcurrency = UNLIMITED, lend = 0, weight = 1, headroom } = given
  const max = Math.min(maxConcurrency, UNLIMITED)
  return { max, guarantee, lend, weight, headroom: ranked(headroom) }
}

const NO_HEADROOM: readonly number[] = [0, 0, 0]

function ranked(headroom: Headroom | undefined): readonly number[] {
  if (headroom === undefined) return NO_HEADROOM
  return PRIORITIES.map((priority) => headroom[priority] ?? 0)
}

/** Takes effect on those in line, too: what was parked is looked at again. */
function setValues(node: LimitNode, { max, guarantee, lend, weight, headroom }: Values): void {
  reclaim(node, () => {
    node.max = max
    node.guarantee = guarantee
    node.held = Math.max(0, guarantee - lend)
  })
  node.weight = weight
  node.headroom = headroom
  surface(node)
}

function configureTags({ tags }: Limits, config: LimitsConfig): void {
  const given = isAws(config) ? {} : (config.tags ?? {})
  for (const tag of tags.values()) tag.max = UNLIMITED
  for (const [name, { maxConcurrency }] of Object.entries(given)) {
    const tag = tags.get(name) ?? createTag(name)
    tag.max = maxConcurrency
    tags.set(name, tag)
  }
}

function createTag(name: string): LimitTag {
  return {
    scope: 'tag',
    name,
    max: UNLIMITED,
    inUse: 0,
    pace: { meanMs: 0, samples: 0 },
    waiting: [0, 0, 0],
    parked: new NodeHeap(PARKED),
  }
}

function configureGroups(limits: Limits, config: LimitsConfig): void {
  const names = new Set([...limits.groups.keys(), ...Object.keys(config.groups)])
  for (const name of names) {
    const given = isAws(config) ? {} : (config.groups[name] ?? {})
    setValues(groupNode(limits, name), valuesOf(given, given.guaranteedConcurrency ?? 0))
  }
}

function groupNode({ groups, account }: Limits, name: string): LimitNode {
  const known = groups.get(name)
  if (known !== undefined) return known
  const fresh = createNode('group', name, account)
  groups.set(name, fresh)
  return fresh
}

function configureFunction(limits: Limits, name: string, given: FunctionLimits): void {
  const aws = isAws(limits.config)
  const group = groupNode(limits, given.group)
  const { functions, leaving } = limits
  const node = functions.get(name) ?? leaving.get(name) ?? newFunction(name, group)
  leaving.delete(name)
  functions.set(name, node)
  if (node.parent !== group) {
    detach(node)
    attach(node, group)
  }
  setTags(limits, node, aws ? [] : (given.tags ?? []))
  configureBranches(node, given, aws)
  setValues(node, aws ? awsValues(given) : valuesOf(withCeiling(given), guaranteeOf(given)))
}

function newFunction(name: string, group: LimitNode): LimitNode {
  const node = createNode('function', name, group)
  node.slots = 0
  return node
}

function withCeiling(given: FunctionLimits): FunctionLimits {
  const max = ceilingOf(given)
  return max === Infinity ? given : { ...given, maxConcurrency: max }
}

/** "Configuring reserved concurrency": a guarantee and a ceiling; Lambda knows nothing else. */
function awsValues({ reservedConcurrency, provisionedConcurrency = 0 }: FunctionLimits): Values {
  if (reservedConcurrency === undefined) return valuesOf({}, provisionedConcurrency)
  return valuesOf({ maxConcurrency: reservedConcurrency }, reservedConcurrency)
}

function setTags({ tags }: Limits, node: LimitNode, names: readonly string[]): void {
  const next = names.map((name) => tags.get(name)).filter((tag) => tag !== undefined)
  if (next.length === node.tags.length && next.every((tag, at) => tag === node.tags[at])) return
  countInTags(node, -1)
  node.tags = next
  countInTags(node, 1)
  for (const child of childrenOf(node)) {
    child.tags = next
    surface(child)
  }
}

function countInTags({ tags, inUse, line }: LimitNode, sign: 1 | -1): void {
  for (const tag of tags) {
    tag.inUse += inUse * sign
    line?.waiting.forEach((count, rank) => {
      tag.waiting[rank] = (tag.waiting[rank] ?? 0) + count * sign
    })
  }
}

/** What a function's configuration says about what is below it; in mode `aws` that is versions only. */
function branching(given: FunctionLimits, aws: boolean): FunctionLimits | undefined {
  const { group, perTenant, sources, versions } = given
  if (aws) return versions === undefined ? undefined : { group, versions }
  if (perTenant === undefined && sources === undefined && versions === undefined) return undefined
  return given
}

function configureBranches(fn: LimitNode, given: FunctionLimits, aws: boolean): void {
  const wanted = branching(given, aws)
  if (fn.branches === undefined && wanted === undefined) return
  fn.branches ??= { tenant: new Map(), source: new Map(), version: new Map(), given }
  fn.branches.given = wanted ?? { group: given.group }
  for (const name of Object.keys(given.versions ?? {})) branch(fn, fn.branches, 'version', name)
  for (const child of childrenOf(fn)) {
    setValues(child, branchValues(fn.branches.given, child.scope, nameBelow(fn, child)))
    dropIdle(child)
  }
}

/** What is below a function. */
export function* childrenOf({ branches }: LimitNode): Generator<LimitNode> {
  if (branches === undefined) return
  yield* branches.tenant.values()
  yield* branches.source.values()
  yield* branches.version.values()
}

type BranchScope = Exclude<keyof Branches, 'given'>

/** The name of what came for no tenant, source or version that has limits. */
const PLAIN = ''

function branchValues(given: FunctionLimits, scope: LimitNode['scope'], name: string): Values {
  if (name === PLAIN) return valuesOf({}, 0)
  switch (scope) {
    case 'tenant':
      return valuesOf(given.perTenant ?? {}, 0)
    case 'source':
      return valuesOf(given.sources?.[name] ?? {}, 0)
    default:
      return valuesOf({}, given.versions?.[name]?.provisionedConcurrency ?? 0)
  }
}

/** One thing below a function, made when it is needed. */
function branch(fn: LimitNode, branches: Branches, scope: BranchScope, name: string): LimitNode {
  const known = branches[scope].get(name)
  if (known !== undefined) return known
  const fresh = createNode(scope, `${fn.name}:${name}`, fn)
  fresh.tags = fn.tags
  branches[scope].set(name, fresh)
  setValues(fresh, branchValues(branches.given, scope, name))
  return fresh
}

function nameBelow(fn: LimitNode, { name }: LimitNode): string {
  return name.slice(fn.name.length + 1)
}

/** Where an invocation is counted: at its function, or at what of it has limits of its own. */
export function leafFor(fn: LimitNode, { tenant, source, version }: Ask): LimitNode {
  const { branches } = fn
  if (branches === undefined) return fn
  const { versions, sources, perTenant } = branches.given
  if (version !== undefined && versions?.[version] !== undefined) {
    return branch(fn, branches, 'version', version)
  }
  if (source !== undefined && sources?.[source] !== undefined) {
    return branch(fn, branches, 'source', source)
  }
  const known = perTenant === undefined ? undefined : tenant
  return branch(fn, branches, 'tenant', known ?? PLAIN)
}

/** So many idle tenants of a function are remembered: making one anew costs more than a decision. */
const IDLE_MAX = 16

/** Forgets what is below a function, once nothing of it runs or waits and nothing is kept for it. */
export function dropIdle(child: LimitNode): void {
  const { parent, line, scope } = child
  const siblings = parent?.branches?.[scope as BranchScope]
  if (siblings === undefined || siblings.size <= IDLE_MAX) return
  if (child.inUse > 0 || child.guarantee > 0 || totalOf(line) > 0) return
  siblings.delete(nameBelow(parent as LimitNode, child))
}

function removeFunctions({ functions, leaving, config }: Limits): void {
  for (const [name, { inUse }] of leaving) if (inUse === 0) leaving.delete(name)
  if (functions.size === Object.keys(config.functions).length) return
  for (const [name, node] of functions) {
    if (Object.hasOwn(config.functions, name)) continue
    setValues(node, valuesOf({}, 0))
    for (const child of childrenOf(node)) setValues(child, valuesOf({}, 0))
    functions.delete(name)
    if (node.inUse > 0) leaving.set(name, node)
  }
}

function removeGroups({ groups, functions, leaving, config }: Limits): void {
  if (groups.size === Object.keys(config.groups).length) return
  const used = new Set([...functions.values(), ...leaving.values()].map(({ parent }) => parent))
  for (const [name, group] of groups) {
    if (!used.has(group) && !Object.hasOwn(config.groups, name)) groups.delete(name)
  }
}
