import { isFormat } from './json-formats.ts'

/** Whether a JSON value fits a schema. */
export type SchemaCheck = (value: unknown) => boolean

/** A schema that can be checked, or what in it cannot, with where it stands: `/properties/id`. */
export type CompiledSchema =
  | { readonly check: SchemaCheck }
  | { readonly problem: string; readonly pointer: string }

/**
 * Makes a check of a JSON Schema, draft 4: the version that API Gateway's models are written in. All
 * of its words are known, and `$ref` within the schema; any other word is a problem, since what is
 * not understood would otherwise let bodies pass that AWS turns away.
 */
export function compileSchema(schema: unknown): CompiledSchema {
  try {
    const check = new Compiler(schema).compile(schema, '')
    return { check: (value) => check(value, 0) }
  } catch (error) {
    if (error instanceof SchemaProblem) return { problem: error.message, pointer: error.pointer }
    throw error
  }
}

class SchemaProblem extends Error {
  readonly pointer: string

  constructor(message: string, pointer: string) {
    super(message)
    this.pointer = pointer
  }
}

type Check = (value: unknown, depth: number) => boolean
type Json = Readonly<Record<string, unknown>>

/** A schema that leads back to itself ends here, and so does a body that is nested deeper. */
const DEPTH_MAX = 200

/** What says something about a schema and nothing about a value. */
const ANNOTATIONS = new Set(['$schema', 'id', 'title', 'description', 'default', 'definitions'])

/** Turns a schema into functions. */
class Compiler {
  readonly #root: unknown
  readonly #known = new Map<unknown, Check>()

  constructor(root: unknown) {
    this.#root = root
  }

  compile(schema: unknown, pointer: string): Check {
    if (!isObject(schema)) throw new SchemaProblem('a schema is an object', pointer)
    const known = this.#known.get(schema)
    if (known !== undefined) return known
    let check: Check = never
    this.#known.set(schema, (value, depth) => depth < DEPTH_MAX && check(value, depth + 1))
    check = this.#compileNew(schema, pointer)
    return (value, depth) => depth < DEPTH_MAX && check(value, depth + 1)
  }

  #compileNew(schema: Json, pointer: string): Check {
    const { $ref: reference } = schema
    // Beside a reference nothing counts (draft 4).
    if (typeof reference === 'string') return this.#follow(reference, pointer)
    const checks: Check[] = []
    for (const [word, argument] of Object.entries(schema)) {
      if (ANNOTATIONS.has(word)) continue
      const make = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined
      if (make === undefined) {
        throw new SchemaProblem(`"${word}" is no word of JSON Schema draft 4`, pointer)
      }
      const at = `${pointer}/${word}`
      checks.push(make(argument, { schema, at, sub: (each, of) => this.compile(each, of) }))
    }
    return (value, depth) => checks.every((check) => check(value, depth))
  }

  /** `#`, or `#/definitions/x`: within the schema. */
  #follow(reference: string, pointer: string): Check {
    const missing = (): SchemaProblem =>
      new SchemaProblem(`"${reference}" is no part of this schema`, `${pointer}/$ref`)
    if (reference !== '#' && !reference.startsWith('#/')) throw missing()
    let node: unknown = this.#root
    for (const part of reference.split('/').slice(1)) {
      const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
      const isThere = typeof node === 'object' && node !== null && Object.hasOwn(node, key)
      if (!isThere) throw missing()
      node = (node as Json)[key]
    }
    return this.compile(node, reference.slice(1))
  }
}

interface At {
  /** The words beside this one. */
  readonly schema: Json
  readonly at: string
  readonly sub: (schema: unknown, at: string) => Check
}

type Make = (argument: unknown, at: At) => Check

/** Each word with the check that it makes. A word about one type says nothing about values of others. */
const WORDS: Readonly<Record<string, Make>> = {
  type(argument, at) {
    const names = [argument].flat()
    if (!names.every((name) => typeof name === 'string' && TYPES.has(name))) {
      throw new SchemaProblem(`there is no type ${JSON.stringify(argument)}`, at.at)
    }
    return (value) => names.some((name) => isType(value, name as string))
  },
  enum: (argument, at) => {
    const allowed = new Set(listOf(argument, at).map(canonical))
    return (value) => allowed.has(canonical(value))
  },
  format: (argument, at) => {
    const name = textOf(argument, at)
    return (value) => typeof value !== 'string' || isFormat(name, value)
  },

  minimum: (argument, at) => {
    const least = numberOf(argument, at)
    const exclusive = at.schema['exclusiveMinimum'] === true
    return (value) => typeof value !== 'number' || (exclusive ? value > least : value >= least)
  },
  maximum: (argument, at) => {
    const most = numberOf(argument, at)
    const exclusive = at.schema['exclusiveMaximum'] === true
    return (value) => typeof value !== 'number' || (exclusive ? value < most : value <= most)
  },
  exclusiveMinimum: besideOf('minimum'),
  exclusiveMaximum: besideOf('maximum'),
  multipleOf: (argument, at) => {
    const unit = numberOf(argument, at)
    return (value) => typeof value !== 'number' || Number.isInteger(value / unit)
  },

  minLength: bound(isText, lengthOfText, (length, least) => length >= least),
  maxLength: bound(isText, lengthOfText, (length, most) => length <= most),
  pattern: (argument, at) => {
    const pattern = patternOf(textOf(argument, at), at)
    return (value) => typeof value !== 'string' || pattern.test(value)
  },

  minItems: bound(
    isList,
    (list) => list.length,
    (length, least) => length >= least,
  ),
  maxItems: bound(
    isList,
    (list) => list.length,
    (length, most) => length <= most,
  ),
  uniqueItems: (argument, at) => {
    if (!flagOf(argument, at)) return always
    return (value) => !isList(value) || new Set(value.map(canonical)).size === value.length
  },
  items: (argument, at) => {
    if (!isList(argument)) {
      const check = at.sub(argument, at.at)
      return (value, depth) => !isList(value) || value.every((each) => check(each, depth))
    }
    const checks = argument.map((each, i) => at.sub(each, `${at.at}/${i}`))
    return (value, depth) =>
      !isList(value) || checks.every((check, i) => i >= value.length || check(value[i], depth))
  },
  additionalItems: (argument, at) => {
    const { items } = at.schema
    const rest = restOf(argument, at)
    if (!isList(items)) return always
    return (value, depth) =>
      !isList(value) || value.slice(items.length).every((each) => rest(each, depth))
  },

  minProperties: bound(
    isObject,
    (map) => Object.keys(map).length,
    (size, least) => size >= least,
  ),
  maxProperties: bound(
    isObject,
    (map) => Object.keys(map).length,
    (size, most) => size <= most,
  ),
  required: (argument, at) => {
    const names = listOf(argument, at).map((name) => textOf(name, at))
    return (value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name))
  },
  properties: (argument, at) => {
    const checks = schemasOf(argument, at)
    return (value, depth) =>
      !isObject(value) ||
      checks.every(([name, check]) => !Object.hasOwn(value, name) || check(value[name], depth))
  },
  patternProperties: (argument, at) => {
    const checks = schemasOf(argument, at).map(
      ([name, check]) => [patternOf(name, at), check] as const,
    )
    return (value, depth) =>
      !isObject(value) ||
      Object.entries(value).every(([name, each]) =>
        checks.every(([pattern, check]) => !pattern.test(name) || check(each, depth)),
      )
  },
  additionalProperties: (argument, at) => {
    const rest = restOf(argument, at)
    const { properties, patternProperties } = at.schema
    const patterns = Object.keys(isObject(patternProperties) ? patternProperties : {}).map((name) =>
      patternOf(name, at),
    )
    const isNamed = (name: string): boolean =>
      (isObject(properties) && Object.hasOwn(properties, name)) ||
      patterns.some((pattern) => pattern.test(name))
    return (value, depth) =>
      !isObject(value) ||
      Object.entries(value).every(([name, each]) => isNamed(name) || rest(each, depth))
  },
  dependencies: (argument, at) => {
    if (!isObject(argument)) throw new SchemaProblem('an object is expected', at.at)
    const checks = Object.entries(argument).map(([name, needs]): [string, Check] => [
      name,
      isList(needs) ? (WORDS['required'] as Make)(needs, at) : at.sub(needs, `${at.at}/${name}`),
    ])
    return (value, depth) =>
      !isObject(value) ||
      checks.every(([name, check]) => !Object.hasOwn(value, name) || check(value, depth))
  },

  allOf: combined((results) => results.every(Boolean)),
  anyOf: combined((results) => results.some(Boolean)),
  oneOf: combined((results) => results.filter(Boolean).length === 1),
  not: (argument, at) => {
    const check = at.sub(argument, at.at)
    return (value, depth) => !check(value, depth)
  },
}

const always: Check = () => true
const never: Check = () => false

/** A boolean that only means something beside another word, which reads it. */
function besideOf(word: string): Make {
  return (argument, at) => {
    if (typeof argument === 'boolean' && Object.hasOwn(at.schema, word)) return always
    throw new SchemaProblem(`in draft 4 it is true or false, beside "${word}"`, at.at)
  }
}

function bound<T>(
  applies: (value: unknown) => value is T,
  measure: (value: T) => number,
  holds: (measured: number, limit: number) => boolean,
): Make {
  return (argument, at) => {
    const limit = numberOf(argument, at)
    return (value) => !applies(value) || holds(measure(value), limit)
  }
}

function combined(holds: (results: boolean[]) => boolean): Make {
  return (argument, at) => {
    const checks = listOf(argument, at).map((each, i) => at.sub(each, `${at.at}/${i}`))
    return (value, depth) => holds(checks.map((check) => check(value, depth)))
  }
}

/** `additionalItems`, `additionalProperties`: true, false or a schema. */
function restOf(argument: unknown, at: At): Check {
  if (typeof argument === 'boolean') return argument ? always : never
  return at.sub(argument, at.at)
}

function schemasOf(argument: unknown, at: At): [string, Check][] {
  if (!isObject(argument)) throw new SchemaProblem('an object of schemas is expected', at.at)
  return Object.entries(argument).map(([name, each]) => [name, at.sub(each, `${at.at}/${name}`)])
}

/** Some expressions that are good elsewhere are not with the flag: `\\-`. */
function patternOf(text: string, { at }: At): RegExp {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(text, flags)
    } catch {
      // The next, or none.
    }
  }
  throw new SchemaProblem(`"${text}" is no regular expression`, at)
}

const TYPES = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])

function isType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return isList(value)
    case 'object':
      return isObject(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

/** By characters as people count them, not by code units. */
function lengthOfText(text: string): number {
  let length = 0
  for (const _ of text) length++
  return length
}

/** Equal values, equal texts: keys have no order. */
function canonical(value: unknown): string {
  if (isList(value)) return `[${value.map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`
}

function numberOf(argument: unknown, { at }: At): number {
  if (typeof argument === 'number') return argument
  throw new SchemaProblem('a number is expected', at)
}

function textOf(argument: unknown, { at }: At): string {
  if (typeof argument === 'string') return argument
  throw new SchemaProblem('a text is expected', at)
}

function flagOf(argument: unknown, { at }: At): boolean {
  if (typeof argument === 'boolean') return argument
  throw new SchemaProblem('true or false is expected', at)
}

function listOf(argument: unknown, { at }: At): readonly unknown[] {
  if (isList(argument)) return argument
  throw new SchemaProblem('a list is expected', at)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
