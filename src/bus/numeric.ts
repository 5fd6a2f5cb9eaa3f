import { PatternError } from './pattern-error.ts'

type InRange = (value: number) => boolean

const COMPARE: Readonly<Record<string, (limit: number) => InRange>> = {
  '=': (limit) => (value) => value === limit,
  '<': (limit) => (value) => value < limit,
  '<=': (limit) => (value) => value <= limit,
  '>': (limit) => (value) => value > limit,
  '>=': (limit) => (value) => value >= limit,
}

/**
 * `["=", 5]`, `["<", 10]`, or from below to above: `[">", 0, "<=", 5]`.
 * @throws {PatternError} as AWS's own matcher words it.
 */
export function parseNumeric(argument: unknown): InRange {
  if (!Array.isArray(argument)) throw new PatternError('Value of numeric must be an array.')
  const [operator, limit, ...rest] = argument as readonly unknown[]
  if (typeof operator !== 'string') {
    throw new PatternError(`Invalid member in numeric match: ${shown(operator)}`)
  }
  const compare = Object.hasOwn(COMPARE, operator) ? COMPARE[operator] : undefined
  if (compare === undefined) {
    throw new PatternError(`Unrecognized numeric range operator: ${operator}`)
  }
  const bound = numberOf(limit, operator === '=' ? 'equals' : operator)
  if (rest.length === 0) return compare(bound)
  if (!operator.startsWith('>')) throw new PatternError('Too many elements in numeric expression')
  const below = parseTop(rest, bound)
  const above = compare(bound)
  return (value) => above(value) && below(value)
}

function parseTop([operator, limit, ...rest]: readonly unknown[], bottom: number): InRange {
  if (typeof operator !== 'string') {
    throw new PatternError(`Bad value in numeric range: ${shown(operator)}`)
  }
  const compare = operator.startsWith('<') ? COMPARE[operator] : undefined
  if (compare === undefined) throw new PatternError(`Bad numeric range operator: ${operator}`)
  const top = numberOf(limit, operator)
  if (rest.length > 0) throw new PatternError('Too many terms in numeric range expression')
  if (bottom >= top) throw new PatternError('Bottom must be less than top')
  return compare(top)
}

function numberOf(value: unknown, operator: string): number {
  if (typeof value === 'number') return value
  throw new PatternError(`Value of ${operator} must be numeric`)
}

/** The end of the array, where it ended too early. */
function shown(value: unknown): string {
  return value === undefined ? ']' : JSON.stringify(value)
}
