import type { FunctionLimits, LimitsConfig } from '../model/limits.ts'
import { Heap } from './heap.ts'
import { inForce } from '../model/in-force.ts'
import { configureBranches } from './branches.ts'
import { ceilingOf, guaranteeOf } from '../model/arithmetic.ts'
import { everyoneBelow, moveTo, RANKS, setPromised, surface, waitingAt } from './line.ts'
import { childrenOf, createNode, UNLIMITED, type LimitNode, type LimitTag } from './tree.ts'
import { setValues, valuesOf } from './values.ts'

/** Every limit there is now. */
export interface Limits {
  readonly account: LimitNode
  readonly groups: Map<string, LimitNode>
  readonly functions: Map<string, LimitNode>
  /** Are configured no more, and something of them runs. */
  readonly leaving: Map<string, LimitNode>
  readonly tags: Map<string, LimitTag>
  readonly tagSets: Map<string, readonly LimitTag[]>
  /** Nodes of tenants that have gone, to be used again: they come and go with every invocation. */
  readonly spares: LimitNode[]
  /** As it was given. */
  config: LimitsConfig
  /** What of it holds in its mode. */
  inForce: LimitsConfig
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
    spares: [],
    config: NOTHING_SAID,
    inForce: NOTHING_SAID,
  }
  configureLimits(limits, config)
  return limits
}

/**
 * Puts a configuration in the place of the one before. Only what differs is touched, so that a change
 * of one limit among thousands of functions takes no longer than among ten. What runs goes on; a
 * function that is no longer configured stays as long as something of it runs, and admits nothing.
 * Returns the functions that differ.
 */
export function configureLimits(limits: Limits, config: LimitsConfig): LimitNode[] {
  const before = limits.inForce
  limits.config = config
  // A `spillway.yml` may go on saying what Lambda does not know: in mode `aws` that does not hold.
  limits.inForce = inForce(config)
  const { account, functions } = limits.inForce
  configureTags(limits)
  if (before.account !== account) setValues(limits.account, valuesOf(account, 0))
  configureGroups(limits)
  // Keys, not entries: of thousands, one or two differ.
  const changed = Object.keys(functions)
    .filter((name) => before.functions[name] !== functions[name])
    .map((name) => configureFunction(limits, name, functions[name] as FunctionLimits))
  removeFunctions(limits)
  removeGroups(limits)
  return changed
}

function configureTags({ tags, inForce: { tags: given = {} } }: Limits): void {
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
    meanUs: 0,
    samples: 0,
    waiting: [0, 0, 0],
    promised: [0, 0, 0],
    parked: [new Heap(), new Heap(), new Heap()],
  }
}

function configureGroups(limits: Limits): void {
  const given = limits.inForce.groups
  for (const name of new Set([...limits.groups.keys(), ...Object.keys(given)])) {
    const own = given[name] ?? {}
    setValues(groupNode(limits, name), valuesOf(own, own.guaranteedConcurrency ?? 0))
  }
}

function groupNode({ groups, account }: Limits, name: string): LimitNode {
  const known = groups.get(name)
  if (known !== undefined) return known
  const fresh = createNode('group', name, account)
  groups.set(name, fresh)
  return fresh
}

function configureFunction(limits: Limits, name: string, given: FunctionLimits): LimitNode {
  const group = groupNode(limits, given.group)
  const { functions, leaving } = limits
  const node = functions.get(name) ?? leaving.get(name) ?? newFunction(name, group)
  leaving.delete(name)
  functions.set(name, node)
  if (node.parent !== group) moveTo(node, group)
  setTags(limits, node, given.tags ?? [])
  branchOut(limits, node, given)
  setValues(node, valuesOf(withCeiling(given), guaranteeOf(given)))
  return node
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

function setTags(limits: Limits, node: LimitNode, names: readonly string[]): void {
  const next = tagSet(limits, names)
  if (next === node.tags) return
  const promised = [...everyoneBelow(node)].filter((waiter) => waiter.promised)
  for (const waiter of promised) setPromised(waiter, false)
  countInTags(node, -1)
  node.tags = next
  countInTags(node, 1)
  for (const child of childrenOf(node)) {
    child.tags = next
    surface(child)
  }
  for (const waiter of promised) setPromised(waiter, true)
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

function branchOut(limits: Limits, fn: LimitNode, given: FunctionLimits): void {
  const { perTenant, sources, versions } = given
  const isBranching = perTenant !== undefined || sources !== undefined || versions !== undefined
  if (fn.branches === undefined && !isBranching) return
  configureBranches(limits.spares, fn, given)
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
