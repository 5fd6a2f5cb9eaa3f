import { didYouMean } from '../lib/suggest.ts'
import {
  ceilingOf,
  guaranteeOf,
  promisedByGroup,
  promisedInAccount,
  provisionedOf,
  sum,
  versionsOf,
  wordOfGuarantee,
  type Shares,
} from './arithmetic.ts'
import { inForce, type LimitScope } from './in-force.ts'
import { PRIORITIES, type FunctionLimits, type GroupLimits, type LimitsConfig } from './limits.ts'

/** Something that cannot be kept, with the limits that it hangs on: the nearest to the reason first. */
export interface Fault {
  readonly message: string
  readonly limits: readonly { scope: LimitScope; name: string; field: string }[]
}

/**
 * Every guarantee that cannot be kept and every limit that makes no sense beside another. Nothing
 * that its mode does not know is looked at.
 */
export function findFaults(written: LimitsConfig): Fault[] {
  const config = inForce(written)
  const byGroup = promisedByGroup(config)
  return [
    ...Object.entries(config.functions).flatMap(([name, limits]) => [
      ...functionFaults(name, limits),
      ...tagFaults(config, name, limits),
    ]),
    ...[...byGroup].flatMap(([name, promised]) => groupFaults(config, name, promised)),
    ...accountFaults(config, promisedInAccount(config, byGroup)),
  ]
}

interface Owner {
  readonly scope: LimitScope
  readonly name: string
}

function fault({ scope, name }: Owner, fields: readonly string[], message: string): Fault {
  return { limits: fields.map((field) => ({ scope, name, field })), message }
}

function functionFaults(name: string, limits: FunctionLimits): Fault[] {
  const owner: Owner = { scope: 'function', name }
  const word = wordOfGuarantee(limits)
  const own = { word, guarantee: guaranteeOf(limits), ceiling: ceilingOf(limits) }
  const isSum = word === 'provisionedConcurrency' && limits.versions !== undefined
  if (isSum || own.guarantee <= own.ceiling) {
    return [...provisionedFaults(owner, limits), ...commonFaults(owner, limits, own)]
  }
  return [guaranteeFault(owner, own), ...commonFaults(owner, limits, own)]
}

/** AWS's own rule where it is reserved: what all versions have provisioned fits into it. */
function provisionedFaults(owner: Owner, limits: FunctionLimits): Fault[] {
  const ceiling = ceilingOf(limits)
  const provisioned = provisionedOf(limits)
  if (provisioned <= ceiling) return []
  const { provisionedConcurrency: latest = 0 } = limits
  const shares: Shares = [
    ...(latest === 0 ? [] : [['$LATEST', latest] as const]),
    ...versionsOf(limits),
  ]
  const cap = limits.reservedConcurrency === ceiling ? 'reservedConcurrency' : 'maxConcurrency'
  const message = `function ${owner.name}: ${provisioned} are provisioned together${listed(shares)}, its ${cap} is ${ceiling}; lower one of them or raise the ${cap}`
  return [fault(owner, ['provisionedConcurrency', cap], message)]
}

function groupFaults(config: LimitsConfig, name: string, promised: Shares): Fault[] {
  const owner: Owner = { scope: 'group', name }
  const limits = config.groups[name] ?? {}
  const { maxConcurrency: ceiling = Infinity, guaranteedConcurrency: guarantee = 0 } = limits
  const word = 'guaranteedConcurrency'
  const own = { word, guarantee, ceiling }
  const faults = commonFaults(owner, limits, own)
  if (guarantee > ceiling) faults.unshift(guaranteeFault(owner, own))
  if (sum(promised) <= ceiling) return faults
  const message = `group ${name}: ${sum(promised)} are guaranteed to its functions together${listed(promised)}, its maxConcurrency is ${ceiling}; lower one of them or raise the group`
  return [...faults, fault(owner, ['maxConcurrency'], message)]
}

function accountFaults(config: LimitsConfig, promised: Shares): Fault[] {
  const owner: Owner = { scope: 'account', name: '' }
  const { account } = config
  const { maxConcurrency: ceiling } = account
  const faults = headroomFaults(owner, account, ceiling)
  if (sum(promised) <= ceiling) return faults
  const groups = promised.map(([name, slots]) => [`group ${name}`, slots] as const)
  const message = `account: ${sum(promised)} are guaranteed together${listed(groups)}, its maxConcurrency is ${ceiling}; lower one of them or raise the account`
  return [{ message, limits: [ACCOUNT_MAX, ...promisesOf(config)] }, ...faults]
}

const ACCOUNT_MAX = { scope: 'account', name: '', field: 'maxConcurrency' } as const

/** Where guarantees are written, for a sum that nobody has written a maximum for. */
function promisesOf(config: LimitsConfig): Fault['limits'] {
  const groups = Object.keys(config.groups).map(
    (name) => ({ scope: 'group', name, field: 'guaranteedConcurrency' }) as const,
  )
  const functions = Object.entries(config.functions)
    .filter(([, limits]) => guaranteeOf(limits) > 0)
    .map(([name, limits]) => ({ scope: 'function', name, field: wordOfGuarantee(limits) }) as const)
  return [...groups, ...functions]
}

function guaranteeFault(owner: Owner, { word, guarantee, ceiling }: Own): Fault {
  const message = `${owner.scope} ${owner.name}: its ${word} of ${guarantee} is above its maxConcurrency of ${ceiling}; lower the one or raise the other`
  return fault(owner, [word, 'maxConcurrency'], message)
}

function commonFaults(owner: Owner, limits: GroupLimits, { guarantee, ceiling }: Own): Fault[] {
  const { lend = 0 } = limits
  const faults = headroomFaults(owner, limits, ceiling)
  if (lend <= guarantee) return faults
  const message = `${owner.scope} ${owner.name}: it is to lend ${lend} of the ${guarantee} that it is guaranteed; lower lend or raise the guarantee`
  return [...faults, fault(owner, ['lend'], message)]
}

/** A function's or group's own numbers, and what its guarantee is called. */
interface Own {
  readonly word: string
  readonly guarantee: number
  readonly ceiling: number
}

function headroomFaults(owner: Owner, { headroom = {} }: GroupLimits, ceiling: number): Fault[] {
  const who = `${owner.scope} ${owner.name}`.trimEnd()
  return PRIORITIES.flatMap((priority) => {
    const slots = headroom[priority] ?? 0
    const at = [`headroom.${priority}`]
    if (slots > 0 && ceiling === Infinity) {
      const message = `${who}: ${priority} work is to leave ${slots} slots free of a maxConcurrency that is not set; set it too`
      return [fault(owner, at, message)]
    }
    // A maximum of 0 is an off switch, whatever else is written.
    if (slots < ceiling || ceiling === 0) return []
    const message = `${who}: ${priority} work is to leave ${slots} slots free of a maxConcurrency of ${ceiling} and could never run; lower the headroom or raise the maxConcurrency`
    return [fault(owner, at, message)]
  })
}

function tagFaults({ tags = {} }: LimitsConfig, name: string, limits: FunctionLimits): Fault[] {
  const unknown = (limits.tags ?? []).filter((tag) => !Object.hasOwn(tags, tag))
  return unknown.map((tag) => {
    const guess = didYouMean(tag, Object.keys(tags))
    const hint = guess === '' ? `; write tags: { ${tag}: { maxConcurrency: … } }` : guess
    const message = `function ${name}: there is no tag "${tag}" with a maxConcurrency${hint}`
    return fault({ scope: 'function', name }, [`tags.${tag}`], message)
  })
}

/** Enough to see which one is the large one; a service may have hundreds. */
const LISTED_MAX = 8

/** ` (group api 80, group etl 40)`: largest first. */
function listed(list: Shares): string {
  const sorted = list.toSorted(([, a], [, b]) => b - a)
  const shown = sorted.slice(0, LISTED_MAX).map(([name, slots]) => `${name} ${slots}`)
  const more = sorted.length - shown.length
  return ` (${[...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ')})`
}
