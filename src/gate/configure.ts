import type { FunctionLimits, LimitsConfig } from '../model/limits.ts'
import { Heap } from './heap.ts'
import { branch, branchValues, childrenOf, dropIdle } from './branches.ts'
import { ceilingOf, guaranteeOf } from './limits.ts'
import { attach, detach, RANKS, surface, waitingAt } from './line.ts'
import { List } from './list.ts'
import { createNode, UNLIMITED, type LimitNode, type LimitTag } from './tree.ts'
import { setValues, valuesOf, type Values } from './values.ts'

/** Every limit there is now. */
export interface Limits {
  readonly account: LimitNode
  readonly groups: Map<string, LimitNode>
  readonly functions: Map<string, LimitNode>
  /** Are configured no more, and something of them runs. */
  readonly leaving: Map<string, LimitNode>
  readonly tags: Map<string, LimitTag>
  readonly tagSets: Map<string, readonly LimitTag[]>
  config: LimitsConfig
}

const NOTHING_SAID: LimitsConfig = { account: { maxConcurrency: 0 }, groups: {}, functions: {} }

export function createLimits(config: LimitsConfig): Limits {
  const limits: Limits = {
    account: createNode('account', '', undefined),
    groups: new Map(),
    functions: new Map(),
    leaving: new Map(),
    tags: new Map(),
    tagSets: new Map([['', []]]),
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
    pace: { meanUs: 0, samples: 0 },
    waiting: [0, 0, 0],
    parked: [new Heap(), new Heap(), new Heap()],
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

function setTags(limits: Limits, node: LimitNode, names: readonly string[]): void {
  const next = tagSet(limits, names)
  if (next === node.tags) return
  countInTags(node, -1)
  node.tags = next
  countInTags(node, 1)
  for (const child of childrenOf(node)) {
    child.tags = next
    surface(child)
  }
}

/** One list for all functions with the same tags. */
function tagSet({ tags, tagSets }: Limits, names: readonly string[]): readonly LimitTag[] {
  const key = names.join('\n')
  const known = tagSets.get(key)
  if (known !== undefined) return known
  const fresh = names.map((name) => tags.get(name)).filter((tag) => tag !== undefined)
  tagSets.set(key, fresh)
  return fresh
}

function countInTags(node: LimitNode, sign: 1 | -1): void {
  for (const tag of node.tags) {
    tag.inUse += node.inUse * sign
    for (const rank of RANKS) tag.waiting[rank] += waitingAt(node, rank) * sign
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
  fn.branches ??= { list: new List<LimitNode>(), given }
  fn.branches.given = wanted ?? { group: given.group }
  for (const name of Object.keys(given.versions ?? {})) branch(fn, fn.branches, 'version', name)
  for (const child of childrenOf(fn)) {
    setValues(child, branchValues(fn.branches.given, child.scope, child.name))
    dropIdle(child)
  }
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
