import { randomUUID } from 'node:crypto'
import { ruleArn, type Account } from '../../bus/rules.ts'
import { compileTargetInput, InputError } from '../../bus/target-input.ts'
import { fillIn, toRuleEvent, toSchedulerEvent, toSeconds } from '../../events/scheduled.ts'
import type { Schedule } from '../../model/background.ts'

/** Makes the event of a firing that was due at a moment. */
export type ToFiringEvent = (dueMs: number) => string

/** What a schedule's function receives. @throws {InputError} */
export function compileFiringEvent(schedule: Schedule, account: Account): ToFiringEvent {
  const arn = scheduleArn(schedule, account)
  const toFacts = (dueMs: number): Parameters<typeof toRuleEvent>[0] => ({
    ...account,
    id: randomUUID(),
    dueMs,
    arn,
  })
  const { kind, input, name } = schedule
  if (kind === 'rule') {
    const toInput = compileTargetInput(schedule)
    return (dueMs) => {
      const facts = { ruleArn: arn, ruleName: name, ingestionTime: toSeconds(dueMs) }
      return toInput({ ...toRuleEvent(toFacts(dueMs)) }, facts)
    }
  }
  if (input === undefined) return (dueMs) => JSON.stringify(toSchedulerEvent(toFacts(dueMs)))
  const toInput = (dueMs: number): string => fillIn(input, toFacts(dueMs))
  refuseNoJson(toInput(0))
  return toInput
}

/** What stands in angle brackets may stand without quotes: only what comes of it has to be JSON. */
function refuseNoJson(text: string): void {
  try {
    JSON.parse(text)
  } catch {
    throw new InputError(`the input is no JSON: ${text}`)
  }
}

function scheduleArn({ kind, name }: Schedule, account: Account): string {
  if (kind === 'rule') return ruleArn(account, name)
  return `arn:aws:scheduler:${account.region}:${account.accountId}:schedule/default/${name}`
}
