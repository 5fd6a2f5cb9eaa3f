import type { EventRule } from '../model/background.ts'
import { parsePattern } from './pattern.ts'
import { compileTargetInput } from './target-input.ts'

/** What is put on an event bus. */
export interface BusEvent {
  /** Its name. */
  readonly bus: string
  readonly source: string
  readonly detailType: string
  readonly resources: readonly string[]
  /** An object. */
  readonly detail: unknown
  /** `2026-03-06T18:00:00Z` */
  readonly time: string
}

/** A function that an event goes to, with what it gets. */
export interface Matched {
  readonly functionName: string
  readonly eventJson: string
}

/** Where an application is. */
export interface Account {
  readonly accountId: string
  readonly region: string
}

/** Finds the targets of an event with this id. */
export type Rules = (id: string, event: BusEvent, ingestionTime: string) => Matched[]

/**
 * Rules ready to be held against events; those that are not enabled match nothing.
 * @throws {PatternError} or {InputError}.
 */
export function compileRules(rules: readonly EventRule[], account: Account): Rules {
  const compiled = rules
    .filter(({ enabled }) => enabled)
    .map((rule) => ({
      rule,
      pattern: parsePattern(rule.pattern),
      toInput: compileTargetInput(rule),
      arn: ruleArn(account, rule.name, rule.bus),
    }))
  return (id, event, ingestionTime) => {
    const envelope = toEnvelope(id, event, account)
    return compiled
      .filter(({ rule, pattern }) => rule.bus === event.bus && pattern.matches(envelope))
      .map(({ rule, toInput, arn }) => ({
        functionName: rule.functionName,
        eventJson: toInput(envelope, { ruleArn: arn, ruleName: rule.name, ingestionTime }),
      }))
  }
}

/** The ARN of a rule; that of the default bus goes without saying. */
export function ruleArn({ accountId, region }: Account, name: string, bus = 'default'): string {
  const path = bus === 'default' ? name : `${bus}/${name}`
  return `arn:aws:events:${region}:${accountId}:rule/${path}`
}

/** An event as EventBridge delivers it, in its order of keys. */
function toEnvelope(
  id: string,
  { detailType, source, time, resources, detail }: BusEvent,
  { accountId, region }: Account,
): Readonly<Record<string, unknown>> {
  return {
    version: '0',
    id,
    'detail-type': detailType,
    source,
    account: accountId,
    time,
    region,
    resources,
    detail,
  }
}
