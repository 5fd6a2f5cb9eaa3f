import { parseCidr } from './cidr.ts'
import { PatternError } from './pattern-error.ts'
import { parseNumeric } from './numeric.ts'
import { parseWildcard } from './wildcard.ts'

/** A value in an event that is neither object nor array. */
export type Leaf = string | number | boolean | null

/** Whether a value is as wanted. */
export type Test = (value: Leaf) => boolean

/** What a pattern wants of one field: a value that passes a test, or no value. */
export interface Condition {
  readonly tests: readonly Test[]
  /** `{"exists": false}` */
  readonly absent: boolean
}

/**
 * Reads the array of a field: values, and objects of one operator each. Whatever fits first will do.
 * Rules and error texts: aws/event-ruler, `JsonRuleCompiler`, which is what AWS runs.
 * @throws {PatternError}
 */
export function parseCondition(list: readonly unknown[]): Condition {
  if (list.length === 0) throw new PatternError('Empty arrays are not allowed')
  const parts = list.map(parseItem)
  return {
    tests: parts.filter((part) => part !== ABSENT),
    absent: parts.includes(ABSENT),
  }
}

const ABSENT = Symbol('absent')

function parseItem(item: unknown): Test | typeof ABSENT {
  if (isLeaf(item)) return (value) => value === item
  if (isObject(item)) return parseExpression(item)
  throw new PatternError('Match value must be String, number, true, false, or null')
}

export function isLeaf(value: unknown): value is Leaf {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const ONE_KEY = 'Only one key allowed in match expression'

function parseExpression(expression: Readonly<Record<string, unknown>>): Test | typeof ABSENT {
  const [first, second] = Object.entries(expression)
  if (first === undefined) throw new PatternError('Match expression name not found')
  const [name, argument] = first
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined
  if (operator === undefined) throw new PatternError(`Unrecognized match type ${name}`)
  const test = operator(argument)
  if (second !== undefined) throw new PatternError(ONE_KEY)
  return test
}

const OPERATORS: Readonly<Record<string, (argument: unknown) => Test | typeof ABSENT>> = {
  exactly: (argument) => equalTo(textOf(argument, 'exact')),
  prefix: (argument) => foldedOr(argument, 'prefix', startsWith),
  suffix: (argument) => foldedOr(argument, 'suffix', endsWith),
  'equals-ignore-case': (argument) => folded(equalTo, textOf(argument, 'equals-ignore-case')),
  wildcard: (argument) => onText(parseWildcard(textOf(argument, 'wildcard'))),
  // Event-ruler's own slip: it calls this one a prefix.
  cidr: (argument) => onText(parseCidr(textOf(argument, 'prefix'))),
  numeric: (argument) => {
    const inRange = parseNumeric(argument)
    return (value) => typeof value === 'number' && inRange(value)
  },
  exists: (argument) => {
    if (argument === true) return () => true
    if (argument === false) return ABSENT
    throw new PatternError('exists match pattern must be either true or false.')
  },
  'anything-but': parseAnythingBut,
}

function textOf(argument: unknown, name: string): string {
  if (typeof argument === 'string') return argument
  throw new PatternError(`${name} match pattern must be a string`)
}

function onText(matches: (text: string) => boolean): Test {
  return (value) => typeof value === 'string' && matches(value)
}

const equalTo = (text: string): Test => onText((value) => value === text)
const startsWith = (text: string): Test => onText((value) => value.startsWith(text))
const endsWith = (text: string): Test => onText((value) => value.endsWith(text))

function folded(make: (text: string) => Test, text: string): Test {
  const test = make(text.toLowerCase())
  return onText((value) => test(value.toLowerCase()))
}

/** `{"prefix": "a"}` or `{"prefix": {"equals-ignore-case": "a"}}`. */
function foldedOr(argument: unknown, name: string, make: (text: string) => Test): Test {
  if (!isObject(argument)) return make(textOf(argument, name))
  const [first, second] = Object.entries(argument)
  const word = name === 'prefix' ? 'Prefix' : 'Suffix'
  if (first === undefined) throw new PatternError(`${word} expression name not found`)
  const [operator, text] = first
  if (operator !== 'equals-ignore-case') {
    throw new PatternError(`Unsupported ${name} pattern: ${operator}`)
  }
  const test = folded(make, textOf(text, operator))
  if (second !== undefined) throw new PatternError(ONE_KEY)
  return test
}

const NEITHER_LIST_NOR_VALUE =
  'Value of anything-but must be an array or single string/number value.'

/** Every value passes that is not listed, whatever its type; a field without a value does not. */
function parseAnythingBut(argument: unknown): Test {
  if (isObject(argument)) return parseNoneOf(argument)
  const values = listOf(argument)
  if (!values.every((value) => typeof value === 'string' || typeof value === 'number')) {
    throw new PatternError('Inside anything but list, start|null|boolean is not supported.')
  }
  if (new Set(values.map((value) => typeof value)).size !== 1) {
    throw new PatternError(
      'Inside anything but list, either all values are number or string, mixed type is not supported',
    )
  }
  const refused = new Set<Leaf>(values)
  return (value) => !refused.has(value)
}

function listOf(argument: unknown): readonly unknown[] {
  if (Array.isArray(argument)) return argument
  if (typeof argument === 'string' || typeof argument === 'number') return [argument]
  throw new PatternError(NEITHER_LIST_NOR_VALUE)
}

/** `{"anything-but": {"prefix": …}}`, of one text or of several. */
function parseNoneOf(expression: Readonly<Record<string, unknown>>): Test {
  const [first, second] = Object.entries(expression)
  if (first === undefined) throw new PatternError('Anything-But expression name not found')
  const [name, argument] = first
  const kind = Object.hasOwn(NONE_OF, name) ? NONE_OF[name] : undefined
  if (kind === undefined) throw new PatternError(`Unsupported anything-but pattern: ${name}`)
  const tests = listOf(argument).map((text) => {
    if (typeof text !== 'string') throw new PatternError(kind.notText)
    if (text === '' && kind.notEmpty) throw new PatternError('Null prefix/suffix not allowed')
    return kind.make(text)
  })
  if (second !== undefined) throw new PatternError('Too many elements in numeric expression')
  return (value) => !tests.some((test) => test(value))
}

interface NoneOf {
  readonly make: (text: string) => Test
  readonly notText: string
  readonly notEmpty: boolean
}

const NO_TEXT = 'prefix/suffix match pattern must be a string'

const NONE_OF: Readonly<Record<string, NoneOf>> = {
  prefix: { make: startsWith, notText: NO_TEXT, notEmpty: true },
  suffix: { make: endsWith, notText: NO_TEXT, notEmpty: true },
  'equals-ignore-case': {
    make: (text) => folded(equalTo, text),
    notText:
      'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
    notEmpty: false,
  },
  wildcard: {
    make: (text) => onText(parseWildcard(text)),
    notText: 'wildcard match pattern must be a string',
    notEmpty: false,
  },
}
