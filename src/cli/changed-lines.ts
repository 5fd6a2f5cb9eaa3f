import { explainLimits } from '../gate/limits/explain.ts'
import { describeValue, nameOfLimit } from '../gate/limits/limit-words.ts'
import { splitVersion } from '../gate/limits/change.ts'
import type { LimitChanged, LimitField } from '../gate/limits/limits.ts'
import type { GateSnapshot, LimitSnapshot } from '../gate/snapshot.ts'
import type { LimitsView } from './admin-client.ts'
import { accountLine, groupLine } from './explain-lines.ts'
import { overText } from './limits-lines.ts'

/** Fields that take something of the parent beforehand. */
const PROMISES = new Set<LimitField>([
  'guaranteedConcurrency',
  'reservedConcurrency',
  'provisionedConcurrency',
  'lend',
])
const CEILINGS = new Set<LimitField>(['maxConcurrency', 'reservedConcurrency'])

/** What `limits set` has changed, old → new, and the arithmetic that it matters to. */
export function changedLines(view: LimitsView, how: string): string[] {
  const { changed = [] } = view
  return [
    ...changed.map((each) => {
      const { field, from, value } = each
      const arrow = `${describeValue(field, from)} → ${describeValue(field, value)}`
      const now = CEILINGS.has(field) ? nowText(view, each) : ''
      return `${nameOfLimit(each)}: ${arrow}${now === '' ? '' : `, ${now}`}${how}`
    }),
    ...arithmeticLines(view, changed),
  ]
}

/** `12 run now: over by 7, draining`. */
function nowText({ gate }: LimitsView, { scope, name }: LimitChanged): string {
  const limit = snapshotOf(gate, scope, name)
  if (limit === undefined) return ''
  const { inUse } = limit
  const over = overText(limit)
  return `${inUse} ${inUse === 1 ? 'runs' : 'run'} now${over === '' ? '' : `: ${over}`}`
}

function snapshotOf(
  { account, groups, tags, functions }: GateSnapshot,
  scope: LimitChanged['scope'],
  name: string,
): LimitSnapshot | undefined {
  if (scope === 'account') return account
  const limits = { group: groups, tag: tags, function: functions, version: [] }[scope]
  return limits.find((each) => each.name === name)
}

function arithmeticLines({ config }: LimitsView, changed: readonly LimitChanged[]): string[] {
  const matters = changed.filter(({ scope, field }) => scope === 'account' || PROMISES.has(field))
  if (matters.length === 0) return []
  const explained = explainLimits(config)
  const groups = new Set(
    matters.map(({ scope, name }) => {
      if (scope === 'group') return name
      return config.functions[splitVersion(name)[0]]?.group
    }),
  )
  const warnings = explained.warnings.map((warning) => `warning  ${warning}`)
  return [
    accountLine(explained),
    ...explained.groups.filter(({ name }) => groups.has(name)).map(groupLine),
    ...warnings,
  ]
}
