import { matchesGlob } from './glob.ts'

/** A policy document that can be evaluated. */
export interface Policy {
  readonly statements: readonly Statement[]
}

interface Statement {
  readonly effect: 'Allow' | 'Deny'
  readonly actions: Patterns
  readonly resources: Patterns
}

interface Patterns {
  readonly list: readonly string[]
  /** `NotAction`, `NotResource`: everything but these. */
  readonly inverted: boolean
}

/** What a policy says of one request. */
export type PolicyVerdict = 'allow' | 'explicit-deny' | 'implicit-deny'

/** ARNs have six parts; `*` and `?` stay within one (IAM User Guide, "Resource"). */
const ARN_PARTS = 6

/**
 * Reads the `policyDocument` of an authorizer; undefined where it says something that is not
 * understood here (`Condition`, `Principal`, policy variables, an ARN that is none): half a policy
 * must not be applied. An undefined result is an authorizer's failure, never a yes.
 */
export function parsePolicy(document: unknown): Policy | undefined {
  if (!isObject(document)) return undefined
  const { Statement: given } = document
  const list = Array.isArray(given) ? given : [given]
  if (list.length === 0) return undefined
  const statements = list.map(parseStatement)
  return statements.every((each) => each !== undefined) ? { statements } : undefined
}

/** An explicit Deny wins, then an Allow; what nothing speaks of is denied. */
export function evaluatePolicy(
  { statements }: Policy,
  action: string,
  resource: string,
): PolicyVerdict {
  let verdict: PolicyVerdict = 'implicit-deny'
  for (const { effect, actions, resources } of statements) {
    if (!covers(actions, action, matchesAction) || !covers(resources, resource, matchesArn))
      continue
    if (effect === 'Deny') return 'explicit-deny'
    verdict = 'allow'
  }
  return verdict
}

const KNOWN = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource'])

function parseStatement(value: unknown): Statement | undefined {
  if (!isObject(value) || !Object.keys(value).every((key) => KNOWN.has(key))) return undefined
  const { Effect: effect } = value
  const actions = parsePatterns(value, 'Action', () => true)
  const resources = parsePatterns(value, 'Resource', isArnPattern)
  if (actions === undefined || resources === undefined) return undefined
  return effect === 'Allow' || effect === 'Deny' ? { effect, actions, resources } : undefined
}

function parsePatterns(
  statement: Readonly<Record<string, unknown>>,
  name: 'Action' | 'Resource',
  isValid: (pattern: string) => boolean,
): Patterns | undefined {
  const inverted = Object.hasOwn(statement, `Not${name}`)
  if (inverted && Object.hasOwn(statement, name)) return undefined
  const given = statement[inverted ? `Not${name}` : name]
  const list: unknown[] = Array.isArray(given) ? given : [given]
  const isUsable = (each: unknown): each is string =>
    typeof each === 'string' && !each.includes('${') && isValid(each)
  return list.length > 0 && list.every(isUsable) ? { list, inverted } : undefined
}

function isArnPattern(pattern: string): boolean {
  return pattern === '*' || pattern.split(':').length >= ARN_PARTS
}

function covers(
  { list, inverted }: Patterns,
  subject: string,
  matches: (pattern: string, subject: string) => boolean,
): boolean {
  return list.some((pattern) => matches(pattern, subject)) !== inverted
}

/** Actions have no case. */
function matchesAction(pattern: string, action: string): boolean {
  return matchesGlob(pattern.toLowerCase(), action.toLowerCase())
}

function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true
  const wanted = partsOf(pattern)
  const given = partsOf(arn)
  return wanted.every((part, i) => matchesGlob(part, given[i] ?? ''))
}

/** Six parts; further colons belong to the last. */
function partsOf(arn: string): string[] {
  const parts = arn.split(':')
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
