import { randomUUID } from 'node:crypto'
import { ruleArn, type Account } from '../../bus/rules.ts'
import { compileTargetInput } from '../../bus/target-input.ts'
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
  const toInput = compileTargetInput(schedule)
  if (kind === 'rule') {
    return (dueMs) => {
      const facts = { ruleArn: arn, ruleName: name, ingestionTime: toSeconds(dueMs) }
      return toInput({ ...toRuleEvent(toFacts(dueMs)) }, facts)
    }
  }
  return (dueMs) => {
    const facts = toFacts(dueMs)
    return input === undefined ? JSON.stringify(toSchedulerEvent(facts)) : fillIn(input, facts)
  }
}

function scheduleArn({ kind, name }: Schedule, account: Account): string {
  if (kind === 'rule') return ruleArn(account, name)
  return `arn:aws:scheduler:${account.region}:${account.accountId}:schedule/default/${name}`
}
