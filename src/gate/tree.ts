import type { LimitsConfig } from '../model/limits.ts'
import { ceilingOf, guaranteeOf } from './limits.ts'

/**
 * One limit with what it holds now: the account, a group, or a function.
 *
 * `inner` is what its children claim, and `claim = max(inner, held)` what it takes of its parent: an
 * idle guarantee is claimed beforehand, so its owner always finds it free. Both are kept up to date
 * by every admission and release in O(depth).
 */
export interface LimitNode {
  readonly scope: 'account' | 'group' | 'function'
  readonly name: string
  parent: LimitNode | undefined
  max: number
  /** The guarantee that others may not borrow. */
  held: number
  inUse: number
  inner: number
  /**
   * By rank of priority: those in line below for whom the limits have room and who wait for an
   * environment alone. They go before newcomers, so a newcomer who asks "is it a limit that I wait
   * for?" counts them as if they were in.
   */
  readonly promised: [number, number, number]
}

/** The tree account → group → function. */
export interface LimitTree {
  readonly account: LimitNode
  readonly groups: Map<string, LimitNode>
  readonly functions: Map<string, LimitNode>
}

export function createTree(config: LimitsConfig): LimitTree {
  const account = node('account', '', undefined)
  const tree: LimitTree = { account, groups: new Map(), functions: new Map() }
  configureTree(tree, config)
  return tree
}

function node(scope: LimitNode['scope'], name: string, parent: LimitNode | undefined): LimitNode {
  return { scope, name, parent, max: Infinity, held: 0, inUse: 0, inner: 0, promised: [0, 0, 0] }
}

/**
 * Puts a configuration into the tree without touching what runs. A function that is no longer
 * configured stays as long as something of it runs, and admits nothing.
 */
export function configureTree(tree: LimitTree, config: LimitsConfig): void {
  tree.account.max = config.account.maxConcurrency
  const groupNode = (name: string): LimitNode => {
    const found = tree.groups.get(name) ?? node('group', name, tree.account)
    tree.groups.set(name, found)
    return found
  }

  for (const group of tree.groups.values()) Object.assign(group, { max: Infinity, held: 0 })
  for (const [name, limits] of Object.entries(config.groups)) {
    const group = groupNode(name)
    group.max = limits.maxConcurrency ?? Infinity
    group.held = limits.guaranteedConcurrency ?? 0
  }

  for (const leaf of tree.functions.values()) Object.assign(leaf, { max: 0, held: 0 })
  for (const [name, limits] of Object.entries(config.functions)) {
    const leaf = tree.functions.get(name) ?? node('function', name, undefined)
    leaf.parent = groupNode(limits.group)
    leaf.max = ceilingOf(limits)
    leaf.held = guaranteeOf(limits)
    tree.functions.set(name, leaf)
  }
  dropIdle(tree, config)
  recount(tree)
}

function dropIdle(tree: LimitTree, config: LimitsConfig): void {
  const used = new Set<LimitNode>()
  for (const [name, leaf] of tree.functions) {
    if (!Object.hasOwn(config.functions, name) && leaf.inUse === 0) tree.functions.delete(name)
    else if (leaf.parent !== undefined) used.add(leaf.parent)
  }
  for (const [name, group] of tree.groups) {
    if (!used.has(group) && !Object.hasOwn(config.groups, name)) tree.groups.delete(name)
  }
}

/** Sums everything anew from the leaves: a change of limits may move whole subtrees. */
function recount(tree: LimitTree): void {
  for (const each of [tree.account, ...tree.groups.values()]) {
    Object.assign(each, { inUse: 0, inner: 0 })
    each.promised.fill(0)
  }
  for (const leaf of tree.functions.values()) addToParent(leaf)
  for (const group of tree.groups.values()) addToParent(group)
}

function addToParent(child: LimitNode): void {
  if (child.parent === undefined) return
  child.parent.inUse += child.inUse
  child.parent.inner += Math.max(child.inner, child.held)
  for (const [rank, count] of child.promised.entries()) {
    child.parent.promised[rank] = (child.parent.promised[rank] ?? 0) + count
  }
}

/** Counts nobody who is still in line. */
export const NOBODY = -1

/**
 * The narrowest limit that keeps one more invocation of `leaf` out, or undefined where there is
 * room. Those of a priority up to `rank` who only wait for an environment count as if they were in.
 */
export function blockedBy(leaf: LimitNode, rank: number): LimitNode | undefined {
  let grows = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    const promised = promisedUpTo(at, rank)
    if (at.inUse + promised >= at.max) return at
    if (!grows) continue
    const inner = at.inner + promised
    // Would take what a guarantee inside this node has claimed beforehand.
    if (inner >= at.max) return at
    // Absorbed by a guarantee: the ancestors have accounted for it already.
    if (inner < at.held) grows = false
  }
  return undefined
}

function promisedUpTo({ promised }: LimitNode, rank: number): number {
  let sum = 0
  for (let each = 0; each <= rank; each++) sum += promised[each] ?? 0
  return sum
}

/** Counts one more invocation of `leaf` in. The caller has asked `blockedBy`. */
export function admit(leaf: LimitNode): void {
  let grows = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    at.inUse++
    if (!grows) continue
    if (at.inner < at.held) grows = false
    at.inner++
  }
}

/** Counts one invocation of `leaf` out: the mirror of `admit`. */
export function discharge(leaf: LimitNode): void {
  let shrinks = true
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    at.inUse--
    if (!shrinks) continue
    at.inner--
    if (at.inner < at.held) shrinks = false
  }
}

/** Counts one of a rank who waits for an environment alone in (`+1`) or out (`-1`). */
export function promise(leaf: LimitNode, rank: number, by: 1 | -1): void {
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    at.promised[rank] = (at.promised[rank] ?? 0) + by
  }
}
