import type { FunctionLimits } from '../model/limits.ts'
import type { Ask } from './ask.ts'
import { totalWaiting } from './line.ts'
import {
  childrenOf,
  createNode,
  leavesOf,
  UNLIMITED,
  type Branches,
  type LimitNode,
} from './tree.ts'
import { setValues, valuesOf, type Values } from './values.ts'

export function functionOf(leaf: LimitNode): LimitNode {
  return leaf.scope === 'function' || leaf.parent === undefined ? leaf : leaf.parent
}

/** Since when the first in the lines of a function waits. */
export function oldestSinceMs(fn: LimitNode): number {
  let oldestMs = Infinity
  for (const { line } of leavesOf(fn)) {
    for (const standing of line ?? []) {
      oldestMs = Math.min(oldestMs, standing?.queue.first?.sinceMs ?? Infinity)
    }
  }
  return oldestMs
}

/** The name of what came for no tenant, source or version that has limits. */
const PLAIN = ''

export function configureBranches(spares: LimitNode[], fn: LimitNode, given: FunctionLimits): void {
  const { maxConcurrency: tenantMax = UNLIMITED, weight: tenantWeight = 1 } = given.perTenant ?? {}
  const first = fn.branches?.first
  fn.branches = { first, tenantMax, tenantWeight, given }
  for (const child of childrenOf(fn)) {
    setValues(child, valuesFor(fn.branches, child.scope, child.name))
    dropIdle(spares, child)
  }
  for (const name of Object.keys(given.versions ?? {})) branch(spares, fn, 'version', name)
}

function valuesFor({ given }: Branches, scope: LimitNode['scope'], name: string): Values {
  if (scope === 'tenant') return valuesOf(name === PLAIN ? {} : (given.perTenant ?? {}), 0)
  if (scope === 'source') return valuesOf(given.sources?.[name] ?? {}, 0)
  return valuesOf({}, given.versions?.[name]?.provisionedConcurrency ?? 0)
}

/** Where an invocation is counted: at its function, or at what of it has limits of its own. */
export function leafFor(spares: LimitNode[], fn: LimitNode, ask: Ask): LimitNode {
  const { branches } = fn
  if (branches === undefined) return fn
  const { tenant, source, version } = ask
  if (version !== undefined && has(branches.given.versions, version)) {
    return branch(spares, fn, 'version', version)
  }
  if (source !== undefined && has(branches.given.sources, source)) {
    return branch(spares, fn, 'source', source)
  }
  const isPlain = tenant === undefined || branches.given.perTenant === undefined
  return branch(spares, fn, 'tenant', isPlain ? PLAIN : tenant)
}

function has(words: object | undefined, name: string): boolean {
  return words !== undefined && Object.hasOwn(words, name)
}

/** One thing below a function, made when it is needed. */
function branch(
  spares: LimitNode[],
  fn: LimitNode,
  scope: LimitNode['scope'],
  name: string,
): LimitNode {
  const branches = fn.branches as Branches
  for (let at = branches.first; at !== undefined; at = at.sibling) {
    if (at.name === name && at.scope === scope) return at
  }
  const fresh = spares.pop() ?? createNode(scope, name, fn)
  fresh.scope = scope
  fresh.name = name
  fresh.parent = fn
  fresh.tags = fn.tags
  fresh.sibling = branches.first
  branches.first = fresh
  // What claims nothing need not be told to those above.
  if (scope === 'tenant') {
    fresh.max = name === PLAIN ? UNLIMITED : branches.tenantMax
    fresh.weight = name === PLAIN ? 1 : branches.tenantWeight
  } else setValues(fresh, valuesFor(branches, scope, name))
  return fresh
}

/** Forgets what is below a function, once nothing of it runs or waits and nothing is kept for it. */
export function dropIdle(spares: LimitNode[], child: LimitNode): void {
  if (child.inUse > 0 || child.guarantee > 0 || totalWaiting(child) > 0) return
  const branches = child.parent?.branches
  if (branches === undefined || !unlink(branches, child)) return
  if (spares.length >= SPARES_MAX) return
  // Its line is empty, and is kept: whoever uses the node next may well have to wait.
  for (const standing of child.line ?? []) if (standing !== undefined) standing.passed = 0
  child.meanUs = child.samples = 0
  spares.push(child)
}

const SPARES_MAX = 256

function unlink(branches: Branches, child: LimitNode): boolean {
  if (branches.first === child) {
    branches.first = child.sibling
    return true
  }
  for (let at = branches.first; at !== undefined; at = at.sibling) {
    if (at.sibling !== child) continue
    at.sibling = child.sibling
    return true
  }
  return false
}
