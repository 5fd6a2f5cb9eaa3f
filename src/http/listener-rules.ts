import { sentPairs } from '../events/query.ts'
import type { ListenerRule, QueryPair } from '../model/front-rules.ts'
import { createAddressSet } from './address-set.ts'
import { matchesGlob } from './glob.ts'
import type { Asked, RouteTarget } from './router.ts'

/** Whether one rule of a load balancer's listener takes a request. */
type Condition = (asked: Asked) => boolean

/** The route of the first rule that takes a request. */
export type FindRule = (asked: Asked) => RouteTarget | undefined

/** The rules of all listeners, by priority, and by their order where that is the same. */
export function createListenerRules(targets: readonly RouteTarget[]): FindRule {
  const rules = targets
    .map((target) => ({ target, takes: conditionOf(target.route.rule) }))
    .toSorted((a, b) => priorityOf(a.target) - priorityOf(b.target))
  return (asked) => rules.find(({ takes }) => takes(asked))?.target
}

/** A listener's default rule is looked at last. */
function priorityOf({ route }: RouteTarget): number {
  return route.rule?.priority ?? Infinity
}

/** elb guide, "Condition types for listener rules". */
function conditionOf(rule: ListenerRule | undefined): Condition {
  if (rule === undefined) return () => true
  const conditions: Condition[] = [
    ...(rule.methods.length === 0 ? [] : [methodIs(rule.methods)]),
    ...(rule.paths.length === 0 ? [] : [pathIs(rule.paths)]),
    ...(rule.hosts.length === 0 ? [] : [hostIs(rule.hosts)]),
    ...rule.headers.map(({ name, values }) => headerIs(name.toLowerCase(), values)),
    ...rule.queries.map(queryHas),
    ...(rule.sourceIps.length === 0 ? [] : [sourceIs(rule.sourceIps)]),
  ]
  return (asked) => conditions.every((holds) => holds(asked))
}

function methodIs(methods: readonly string[]): Condition {
  return ({ method }) => methods.includes(method)
}

function pathIs(patterns: readonly string[]): Condition {
  return ({ path }) => patterns.some((pattern) => matchesGlob(pattern, path))
}

function hostIs(patterns: readonly string[]): Condition {
  const matches = oneOf(patterns)
  return ({ host = '' }) => matches(host.replace(/:\d+$/, ''))
}

function headerIs(name: string, patterns: readonly string[]): Condition {
  const matches = oneOf(patterns)
  return ({ rawHeaders = [] }) =>
    rawHeaders.some(
      (given, i) =>
        i % 2 === 0 &&
        given.length === name.length &&
        given.toLowerCase() === name &&
        matches(rawHeaders[i + 1] ?? ''),
    )
}

/** Compared as sent: a load balancer decodes nothing. */
function queryHas(pairs: readonly QueryPair[]): Condition {
  const wanted = pairs.map(({ key, value }) => ({ key: oneOf([key]), value: oneOf([value]) }))
  return ({ query = '' }) => {
    const sent = sentPairs(query)
    return wanted.some(({ key, value }) =>
      sent.some((name, i) => i % 2 === 0 && key(name) && value(sent[i + 1] ?? '')),
    )
  }
}

function sourceIs(blocks: readonly string[]): Condition {
  const has = createAddressSet(blocks)
  return ({ sourceIp }) => sourceIp !== undefined && has(sourceIp())
}

function oneOf(patterns: readonly string[]): (text: string) => boolean {
  const lower = patterns.map((pattern) => pattern.toLowerCase())
  return (text) => {
    const given = text.toLowerCase()
    return lower.some((pattern) => matchesGlob(pattern, given))
  }
}
