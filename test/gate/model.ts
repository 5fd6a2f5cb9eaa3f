import type { LimitsConfig } from '../../src/gate/index.ts'

/** What runs, by function: the brute-force oracle sums everything anew for each question. */
export type Running = Map<string, number>

/** What a function, group or account takes of its parent: its use, or its guarantee where that is more. */
function claimOfFunction(config: LimitsConfig, running: Running, name: string): number {
  const limits = config.functions[name]
  const held = limits?.reservedConcurrency ?? limits?.guaranteedConcurrency ?? 0
  return Math.max(running.get(name) ?? 0, held)
}

function members(config: LimitsConfig, running: Running, group: string): string[] {
  return [...new Set([...Object.keys(config.functions), ...running.keys()])].filter(
    (name) => config.functions[name]?.group === group,
  )
}

function claimOfGroup(config: LimitsConfig, running: Running, group: string): number {
  const inner = members(config, running, group).reduce(
    (sum, name) => sum + claimOfFunction(config, running, name),
    0,
  )
  return Math.max(inner, config.groups[group]?.guaranteedConcurrency ?? 0)
}

function groupsOf(config: LimitsConfig): string[] {
  return [
    ...new Set([
      ...Object.keys(config.groups),
      ...Object.values(config.functions).map(({ group }) => group),
    ]),
  ]
}

/** Sums that must not be above their maximum, as `[claimed, used, max]`. */
function sums(config: LimitsConfig, running: Running, name: string): [number, number, number][] {
  const limits = config.functions[name]
  if (limits === undefined) return [[1, 1, 0]]
  const used = running.get(name) ?? 0
  const own = Math.min(limits.maxConcurrency ?? Infinity, limits.reservedConcurrency ?? Infinity)
  const { group } = limits
  const inGroup = members(config, running, group)
  const groupInner = inGroup.reduce((sum, each) => sum + claimOfFunction(config, running, each), 0)
  const groupUsed = inGroup.reduce((sum, each) => sum + (running.get(each) ?? 0), 0)
  const accountInner = groupsOf(config).reduce(
    (sum, each) => sum + claimOfGroup(config, running, each),
    0,
  )
  const accountUsed = [...running.values()].reduce((sum, each) => sum + each, 0)
  return [
    [used, used, own],
    [groupInner, groupUsed, config.groups[group]?.maxConcurrency ?? Infinity],
    [accountInner, accountUsed, config.account.maxConcurrency],
  ]
}

/** Whether one more of a function may run: no sum that it raises may pass its maximum. */
export function mayRun(config: LimitsConfig, running: Running, name: string): boolean {
  const before = sums(config, running, name)
  const with1 = new Map(running).set(name, (running.get(name) ?? 0) + 1)
  const after = sums(config, with1, name)
  return after.every(([claimed, used, max], at) => {
    const [claimedBefore = 0] = before[at] ?? []
    return used <= max && (claimed === claimedBefore || claimed <= max)
  })
}
