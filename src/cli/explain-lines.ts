import type { LevelExplanation, LimitsExplanation, Share } from '../gate/limits/explain.ts'
import type { Reach } from '../gate/limits/reach.ts'
import { tableLines } from './table.ts'

/** The whole arithmetic: who is guaranteed what, what is left for everyone, who is stopped where. */
export function explainLines(explained: LimitsExplanation): string[] {
  const { mode, account, groups, tags, functions, overlaps, uncapped, warnings } = explained
  return [
    ...(mode === 'aws' ? ["mode aws: Lambda's own limits alone are in force"] : []),
    accountLine(explained),
    ...headroomLines(account),
    ...groups.flatMap((group) => [groupLine(group), ...headroomLines(group)]),
    ...tags.map(({ name, max, functions: members }) => {
      return `tag ${name}: at most ${max} over ${members.length === 0 ? 'no function' : members.join(', ')}`
    }),
    ...overlaps.map(({ tags: several, functions: members }) => {
      return `  ${members.join(', ')} ${members.length === 1 ? 'counts' : 'count'} in each of ${several.join(', ')}`
    }),
    ...functionLines(functions),
    ...(functions.length === 0 ? [] : [capLine(uncapped)]),
    ...warnings.map((warning) => `warning  ${warning}`),
  ]
}

/** `account 100 = 15 guaranteed (group etl 10, group shop 5) + 85 for everyone`. */
export function accountLine({ account }: LimitsExplanation): string {
  const { max, guaranteed, shares, shared } = account
  const groups = shares.map((each) => ({ ...each, name: `group ${each.name}` }))
  return `account ${max} = ${guaranteed} guaranteed${listed(groups)} + ${shared} for everyone`
}

/** `group etl: 2 functions, at most 20, 10 guaranteed (load 4), 16 for everyone in it`. */
export function groupLine(group: LimitsExplanation['groups'][number]): string {
  const { name, functions, max, guaranteed, lend, shares, shared } = group
  const guarantee =
    guaranteed === 0
      ? []
      : [`${guaranteed} guaranteed${listed(shares)}${lend === 0 ? '' : `, lends ${lend} of them`}`]
  return [
    `group ${name}: ${functions} ${functions === 1 ? 'function' : 'functions'}`,
    max === null ? 'no cap' : `at most ${max}`,
    ...guarantee,
    ...(shared === null || shares.length === 0 ? [] : [`${shared} for everyone in it`]),
  ].join(', ')
}

function headroomLines({ headroom }: LevelExplanation): string[] {
  return Object.entries(headroom).map(
    ([priority, { leaves, shared }]) =>
      `  ${priority} work leaves ${leaves} free: ${shared} for it beyond guarantees`,
  )
}

function functionLines(functions: LimitsExplanation['functions']): string[] {
  if (functions.length === 0) return []
  const rows = functions.map(({ name, group, tags, guaranteed, lend, versions, ceiling }) => [
    name,
    group,
    tags.join(', '),
    guaranteed === 0 ? '' : `${guaranteed}${listed(versions)}`,
    lend === 0 ? '' : String(lend),
    String(ceiling.slots),
    stoppedBy(ceiling),
  ])
  const heading = ['function', 'group', 'tags', 'guaranteed', 'lends', 'at most', 'by']
  return tableLines(heading, rows)
}

function stoppedBy({ by: { scope, name } }: Reach): string {
  if (scope === 'function') return 'its own'
  return `${scope} ${name}`.trimEnd()
}

function capLine(uncapped: readonly string[]): string {
  return uncapped.length === 0
    ? 'every function has a cap of its own or through its group or a tag'
    : `no cap but the account's: ${uncapped.join(', ')}`
}

/** ` (extract 30, load 10)`, or nothing. */
function listed(shares: readonly Share[]): string {
  if (shares.length === 0) return ''
  return ` (${shares.map(({ name, guaranteed }) => `${name} ${guaranteed}`).join(', ')})`
}
