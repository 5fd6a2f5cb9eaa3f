import { PRIORITIES, type LimitsConfig } from '../../src/model/limits.ts'

/**
 * The oracle: the same rules, by summing everything anew for each question. It knows what runs and
 * nothing else; no counter is kept from one question to the next, so none can drift.
 */
export interface Model {
  /** What runs, at each leaf. */
  readonly direct: number[]
  readonly nodes: readonly ModelNode[]
  /** Parents come before their children, the account first. */
  readonly parents: readonly number[]
  readonly held: readonly number[]
  readonly indexes: ReadonlyMap<string, number>
  /** From each node to the account. */
  readonly paths: readonly (readonly number[])[]
  readonly tags: readonly { readonly max: number; readonly functions: readonly number[] }[]
  /** Of the environments, by node; only functions have any. */
  readonly slots: number[]
  readonly sums: readonly [Sums, Sums]
}

export interface ModelNode {
  readonly name: string
  readonly parent: number
  readonly max: number
  readonly guarantee: number
  readonly held: number
  readonly weight: number
  readonly headroom: readonly number[]
}

/** What each node has in use, and what its children claim. */
export interface Sums {
  readonly used: number[]
  readonly inner: number[]
}

const ACCOUNT = 0

/** Sums up what runs. The next question overwrites the answer. */
export function sumsOf(model: Model): Sums {
  return sumInto(model, model.sums[0])
}

function sumInto({ parents, direct, held }: Model, { used, inner }: Sums): Sums {
  for (let at = 0; at < direct.length; at++) used[at] = inner[at] = direct[at]!
  for (let at = parents.length - 1; at > ACCOUNT; at--) {
    const parent = parents[at] as number
    used[parent]! += used[at]!
    inner[parent]! += Math.max(inner[at]!, held[at]!)
  }
  return { used, inner }
}

function withOneMore(model: Model, leaf: number): Sums {
  model.direct[leaf]!++
  const after = sumInto(model, model.sums[1])
  model.direct[leaf]!--
  return after
}

function tagsFit(model: Model, leaf: number, { used }: Sums): boolean {
  const path = pathOf(model, leaf)
  for (const { max, functions } of model.tags) {
    if (!functions.some((fn) => path.includes(fn))) continue
    let sum = 0
    for (const fn of functions) sum += used[fn]!
    if (sum >= max) return false
  }
  return true
}

export function pathOf({ paths }: Model, node: number): readonly number[] {
  return paths[node] ?? []
}

/** Whether one more at a leaf would break no limit: no sum that it raises may pass its maximum. */
export function limitsFit(model: Model, leaf: number, rank: number): boolean {
  const before = sumsOf(model)
  if (!tagsFit(model, leaf, before)) return false
  const after = withOneMore(model, leaf)
  for (const at of pathOf(model, leaf)) {
    const { max, held, headroom } = model.nodes[at]!
    const claims = after.inner[at]!
    const grows = claims > before.inner[at]!
    const kept = before.inner[at]! >= held ? headroom[rank]! : 0
    if (after.used[at]! > max || (grows && claims > max - kept)) return false
  }
  return true
}

/** The same, and an environment is free. */
export function mayRun(model: Model, leaf: number, rank: number): boolean {
  const { used } = sumsOf(model)
  for (const at of pathOf(model, leaf)) if (used[at]! >= model.slots[at]!) return false
  return limitsFit(model, leaf, rank)
}

/** Whether what one more at a leaf claims of a node's parent was claimed beforehand. */
export function isAbsorbed(model: Model, leaf: number, node: number): boolean {
  const held = model.held[node]!
  const before = Math.max(sumsOf(model).inner[node]!, held)
  return Math.max(withOneMore(model, leaf).inner[node]!, held) === before
}

/** Below the guarantee of a leaf there is always room, unless something above was lowered and drains. */
export function isGuaranteed(model: Model, leaf: number): boolean {
  const sums = sumsOf(model)
  const { used, inner } = sums
  if (used[leaf]! >= model.held[leaf]! || !tagsFit(model, leaf, sums)) return false
  return pathOf(model, leaf).every((at) => {
    const { max } = model.nodes[at]!
    return inner[at]! <= max && used[at]! < model.slots[at]!
  })
}

/** What a leaf may be: `fn`, or `fn` with a tenant or version, as `leafName` says. */
export interface Layout {
  readonly functions: readonly string[]
  readonly groups: readonly string[]
  readonly tenants: readonly string[]
  readonly versions: readonly string[]
}

/** The tree that a configuration means. Every function has all the leaves that may be asked for. */
export function modelOf(config: LimitsConfig, layout: Layout): Model {
  const nodes: ModelNode[] = [nodeOf('account', -1, config.account)]
  for (const name of layout.groups) nodes.push(nodeOf(name, ACCOUNT, config.groups[name] ?? {}))
  for (const name of layout.functions) addFunction(nodes, name, config, layout)
  const indexes = new Map(nodes.map(({ name }, at) => [name, at]))
  const slots = nodes.map(() => Infinity)
  for (const name of layout.functions) slots[indexes.get(name)!] = 0
  return {
    nodes,
    indexes,
    slots,
    tags: tagsOf(config, layout, indexes),
    direct: nodes.map(() => 0),
    parents: nodes.map(({ parent }) => parent),
    held: nodes.map(({ held }) => held),
    paths: nodes.map((_, at) => wayUp(nodes, at)),
    sums: [emptySums(nodes), emptySums(nodes)],
  }
}

function addFunction(nodes: ModelNode[], name: string, config: LimitsConfig, layout: Layout): void {
  const given = config.functions[name]
  const at = nodes.length
  const parent = 1 + layout.groups.indexOf(given?.group ?? layout.groups[0]!)
  nodes.push(nodeOf(name, parent, given === undefined ? { maxConcurrency: 0 } : ownOf(given)))
  nodes.push(nodeOf(`${name}:`, at, {}))
  for (const tenant of layout.tenants) {
    nodes.push(nodeOf(`${name}:${tenant}`, at, given?.perTenant ?? {}))
  }
  for (const version of layout.versions) {
    const kept = given?.versions?.[version]?.provisionedConcurrency ?? 0
    nodes.push(nodeOf(`${name}:${version}`, at, { guaranteedConcurrency: kept }))
  }
}

function tagsOf(
  { tags = {}, functions }: LimitsConfig,
  layout: Layout,
  indexes: ReadonlyMap<string, number>,
): Model['tags'] {
  return Object.entries(tags).map(([tag, { maxConcurrency }]) => ({
    max: maxConcurrency,
    functions: layout.functions
      .filter((name) => functions[name]?.tags?.includes(tag) ?? false)
      .map((name) => indexes.get(name)!),
  }))
}

function emptySums(nodes: readonly ModelNode[]): Sums {
  return { used: nodes.map(() => 0), inner: nodes.map(() => 0) }
}

function wayUp(nodes: readonly ModelNode[], from: number): number[] {
  const path = [from]
  for (let at = from; at !== ACCOUNT; path.push(at)) at = nodes[at]!.parent
  return path
}

function ownOf(given: LimitsConfig['functions'][string]): LimitsConfig['groups'][string] {
  const { reservedConcurrency: reserved, guaranteedConcurrency: guaranteed = 0 } = given
  const { provisionedConcurrency = 0, versions = {}, maxConcurrency = Infinity } = given
  let provisioned = provisionedConcurrency
  for (const version of Object.values(versions)) provisioned += version.provisionedConcurrency
  return {
    ...given,
    maxConcurrency: Math.min(maxConcurrency, reserved ?? Infinity),
    guaranteedConcurrency: reserved ?? Math.max(guaranteed, provisioned),
  }
}

function nodeOf(name: string, parent: number, given: LimitsConfig['groups'][string]): ModelNode {
  const { maxConcurrency: max = Infinity, guaranteedConcurrency: guarantee = 0 } = given
  const { lend = 0, weight = 1, headroom = {} } = given
  return {
    name,
    parent,
    max,
    guarantee,
    held: Math.max(0, guarantee - lend),
    weight,
    headroom: PRIORITIES.map((priority) => headroom[priority] ?? 0),
  }
}
