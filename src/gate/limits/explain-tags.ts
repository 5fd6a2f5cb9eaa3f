import { guaranteeOf, promisedByGroup, promisedInAccount, sum } from '../../model/arithmetic.ts'
import { PRIORITIES, type LimitsConfig } from '../../model/limits.ts'

/** Functions that have several tags: each of their invocations counts in all of them. */
export interface TagOverlap {
  readonly tags: readonly string[]
  readonly functions: readonly string[]
}

/** Which functions have several tags, by the tags they have. */
export function overlapsOf({ functions }: LimitsConfig): TagOverlap[] {
  const overlaps = new Map<string, { tags: readonly string[]; functions: string[] }>()
  for (const [name, { tags = [] }] of Object.entries(functions)) {
    if (tags.length < 2) continue
    const sorted = tags.toSorted()
    const key = JSON.stringify(sorted)
    const overlap = overlaps.get(key) ?? { tags: sorted, functions: [] }
    overlap.functions.push(name)
    overlaps.set(key, overlap)
  }
  return [...overlaps.values()]
}

/** What is allowed and may surprise: tags that are below guarantees, work that can never run. */
export function warningsOf(config: LimitsConfig): string[] {
  return [...tagWarnings(config), ...headroomWarnings(config)]
}

/** A tag only caps, and it does so before any guarantee: the owner of a database says so. */
function tagWarnings({ tags = {}, functions }: LimitsConfig): string[] {
  return Object.entries(tags).flatMap(([tag, { maxConcurrency }]) => {
    const guaranteed = sum(
      Object.entries(functions)
        .filter(([, limits]) => limits.tags?.includes(tag))
        .map(([name, limits]) => [name, guaranteeOf(limits)]),
    )
    return guaranteed <= maxConcurrency
      ? []
      : [
          `tag ${tag}: its functions are guaranteed ${guaranteed} together, and its maxConcurrency of ${maxConcurrency} goes before that`,
        ]
  })
}

function headroomWarnings(config: LimitsConfig): string[] {
  const byGroup = promisedByGroup(config)
  const levels = [
    { who: 'account', limits: config.account, used: sum(promisedInAccount(config, byGroup)) },
    ...[...byGroup].map(([name, shares]) => {
      return { who: `group ${name}`, limits: config.groups[name] ?? {}, used: sum(shares) }
    }),
  ]
  return levels.flatMap(({ who, limits: { maxConcurrency = Infinity, headroom = {} }, used }) =>
    PRIORITIES.filter((priority) => {
      const leaves = headroom[priority] ?? 0
      return leaves > 0 && maxConcurrency > 0 && maxConcurrency - leaves <= used
    }).map(
      (priority) =>
        `${who}: ${priority} work runs on guarantees alone: ${used} are guaranteed and it leaves ${headroom[priority]} free, of ${maxConcurrency}`,
    ),
  )
}
