import { didYouMean } from '../lib/suggest.ts'
import {
  ceilingOf,
  functionsOf,
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
 * that its mode does not know is looked at. Each live change of a limit comes by here, with thousands
 * of functions that are as they should be: words are made for faults alone.
 */
export function findFaults(written: LimitsConfig): Fault[] {
  const config = inForce(written)
  const faults: Fault[] = []
  for (const [name, limits] of functionsOf(config)) {
    faults.push(...functionFaults(name, limits), ...tagFaults(config, name, limits))
  }
  const byGroup = promisedByGroup(config)
  for (const [name, promised] of byGroup) faults.push(...groupFaults(config, name, promised))
  return [...faults, ...accountFaults(config, promisedInAccount(config, byGroup))]
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
  const own: Own = { guarantee: guaranteeOf(limits), ceiling: ceilingOf(limits) }
  const faults = commonFaults(owner, limits, own)
  const word = own.guarantee <= own.ceiling ? undefined : wordOfGuarantee(limits)
  const isSum = word === 'provisionedConcurrency' && limits.versions !== undefined
  return word === undefined || isSum
    ? [...provisionedFaults(owner, limits), ...faults]
    : [guaranteeFault(owner, word, own), ...faults]
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
  const own: Own = { guarantee, ceiling }
  const faults = commonFaults(owner, limits, own)
  if (guarantee > ceiling) faults.unshift(guaranteeFault(owner, 'guaranteedConcurrency', own))
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

function guaranteeFault(owner: Owner, word: string, { guarantee, ceiling }: Own): Fault {
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

/** A function's or group's own numbers. */
interface Own {
  readonly guarantee: number
  readonly ceiling: number
}

function headroomFaults(owner: Owner, { headroom }: GroupLimits, ceiling: number): Fault[] {
  if (headroom === undefined) return []
  return PRIORITIES.flatMap((priority) => {
    const slots = headroom[priority] ?? 0
    // A maximum of 0 is an off switch, whatever else is written.
    if (slots === 0 || ceiling === 0 || (slots < ceiling && ceiling < Infinity)) return []
    const who = `${owner.scope} ${owner.name}`.trimEnd()
    const why =
      ceiling === Infinity
        ? 'that is not set; set it too'
        : `of ${ceiling} and could never run; lower the headroom or raise the maxConcurrency`
    const message = `${who}: ${priority} work is to leave ${slots} slots free of a maxConcurrency ${why}`
    return [fault(owner, [`headroom.${priority}`], message)]
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
