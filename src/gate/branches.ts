import type { FunctionLimits } from '../model/limits.ts'
import type { Ask } from './ask.ts'
import { totalWaiting } from './line.ts'
import { createNode, type Branches, type LimitNode } from './tree.ts'
import { setValues, valuesOf, type Values } from './values.ts'

/** What is below a function, as far as it is in use or kept. */
export function childrenOf({ branches }: LimitNode): Iterable<LimitNode> {
  return branches?.list ?? []
}

/** Where those who ask for a function may be in line. */
export function* leavesOf(fn: LimitNode): Generator<LimitNode> {
  yield fn
  yield* childrenOf(fn)
}

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

export function branchValues(
  given: FunctionLimits,
  scope: LimitNode['scope'],
  name: string,
): Values {
  if (scope === 'tenant' && name !== PLAIN) return valuesOf(given.perTenant ?? {}, 0)
  if (scope === 'source') return valuesOf(given.sources?.[name] ?? {}, 0)
  return valuesOf({}, given.versions?.[name]?.provisionedConcurrency ?? 0)
}

/** One thing below a function, made when it is needed. */
export function branch(
  fn: LimitNode,
  { list, given }: Branches,
  scope: LimitNode['scope'],
  name: string,
): LimitNode {
  for (let at = list.first; at !== undefined; at = at.next) {
    if (at.name === name && at.scope === scope) return at
  }
  const fresh = createNode(scope, name, fn)
  fresh.tags = fn.tags
  list.push(fresh)
  const values = branchValues(given, scope, name)
  // A tenant claims nothing, and comes and goes with its invocations.
  if (values.guarantee > 0) setValues(fresh, values)
  else fresh.max = values.max
  fresh.weight = values.weight
  return fresh
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

/** Forgets what is below a function, once nothing of it runs or waits and nothing is kept for it. */
export function dropIdle(child: LimitNode): void {
  if (child.inUse > 0 || child.guarantee > 0 || totalWaiting(child) > 0) return
  child.list?.remove(child)
}
