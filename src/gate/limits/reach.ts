import { ceilingOf, guaranteeOf, sum, versionsOf } from '../../model/arithmetic.ts'
import type { FunctionLimits, GroupLimits, LimitsConfig } from '../../model/limits.ts'

/** The most that a function can have, and which limit stops it there. */
export interface Reach {
  readonly slots: number
  readonly by: {
    readonly scope: 'function' | 'tag' | 'group' | 'account'
    /** Empty for the account. */
    readonly name: string
  }
}

/**
 * How many of each function can run while all others are idle: what others hold of their guarantees
 * stays free for them, what they lend does not. Headroom is left aside, it is by priority.
 */
export function reachOf(config: LimitsConfig): (functionName: string) => Reach {
  const held = new Map<string, number>()
  const inGroups = new Map<string, number>()
  for (const [name, limits] of Object.entries(config.functions)) {
    const slots = heldByFunction(limits)
    held.set(name, slots)
    inGroups.set(limits.group, (inGroups.get(limits.group) ?? 0) + slots)
  }
  const claimOf = (group: string): number =>
    Math.max(inGroups.get(group) ?? 0, heldByGroup(config.groups[group]))
  const groups = new Set([...Object.keys(config.groups), ...inGroups.keys()])
  const inAccount = sum([...groups].map((group) => [group, claimOf(group)]))

  return (name) => {
    const limits = config.functions[name] ?? { group: '' }
    const { group } = limits
    const siblings = (inGroups.get(group) ?? 0) - (held.get(name) ?? 0)
    const others = inAccount - claimOf(group)
    const groupMax = config.groups[group]?.maxConcurrency ?? Infinity
    const candidates: Reach[] = [
      { slots: ceilingOf(limits), by: { scope: 'function', name } },
      ...(limits.tags ?? []).map((tag): Reach => {
        const slots = config.tags?.[tag]?.maxConcurrency ?? Infinity
        return { slots, by: { scope: 'tag', name: tag } }
      }),
      { slots: groupMax - siblings, by: { scope: 'group', name: group } },
      {
        slots: config.account.maxConcurrency - others - siblings,
        by: { scope: 'account', name: '' },
      },
    ]
    // Of several that are as low the nearest one is named.
    return candidates.reduce((low, each) => (each.slots < low.slots ? each : low))
  }
}

function heldByFunction(limits: FunctionLimits): number {
  const own = guaranteeOf(limits) - (limits.lend ?? 0)
  return Math.max(own, sum(versionsOf(limits)))
}

function heldByGroup({ guaranteedConcurrency = 0, lend = 0 }: GroupLimits = {}): number {
  return guaranteedConcurrency - lend
}
