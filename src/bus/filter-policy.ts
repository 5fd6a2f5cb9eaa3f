import type { MessageAttribute } from '../queue/queue.ts'
import { isObject } from './operators.ts'
import { parsePattern, type Pattern } from './pattern.ts'
import { PatternError } from './pattern-error.ts'

/** What a filter policy looks at. */
export interface Filtered {
  readonly message: string
  readonly attributes: Readonly<Record<string, MessageAttribute>>
}

export type Scope = 'MessageAttributes' | 'MessageBody'

/**
 * A filter policy of an SNS subscription. By attributes: a `Number` is a number, a `String.Array` its
 * elements, and a `Binary` is not there. By body: a message that is no JSON object does not match.
 * @throws {PatternError} the reason, as SNS words it behind `Invalid parameter: FilterPolicy: `.
 */
export function compileFilterPolicy(json: string, scope: Scope): (message: Filtered) => boolean {
  const pattern = parsePattern(json)
  if (scope === 'MessageBody') return ({ message }) => matchesText(pattern, message)
  refuseNested(JSON.parse(json))
  return ({ attributes }) => pattern.matches(toDocument(attributes))
}

function matchesText(pattern: Pattern, text: string): boolean {
  try {
    return pattern.matches(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

/** Attributes have no parts; only `$or` may hold objects. */
function refuseNested(policy: unknown): void {
  if (!isObject(policy)) return
  for (const [key, value] of Object.entries(policy)) {
    if (key === '$or' && Array.isArray(value)) value.forEach(refuseNested)
    else if (isObject(value)) {
      throw new PatternError(
        'Filter policy scope MessageAttributes does not support nested filter policy',
      )
    }
  }
}

function toDocument(attributes: Filtered['attributes']): Readonly<Record<string, unknown>> {
  const entries = Object.entries(attributes).flatMap(([name, { dataType, value }]) => {
    if (typeof value !== 'string') return []
    return [[name, valueOf(dataType, value)] as const]
  })
  return Object.fromEntries(entries)
}

function valueOf(dataType: string, value: string): unknown {
  if (/^Number(?:\.|$)/.test(dataType)) return Number(value)
  if (dataType !== 'String.Array') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
