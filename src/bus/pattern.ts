import { fieldsOf, type Field } from './fields.ts'
import { isObject, parseCondition, type Condition } from './operators.ts'
import { PatternError } from './pattern-error.ts'
import { distinct, NOWHERE, Standings, type Standing } from './standing.ts'

/** An event pattern, ready to be held against events. */
export interface Pattern {
  matches(event: unknown): boolean
}

/** One way to match: the fields by name (`detail.state`), in the order of their names. */
type Branch = readonly (readonly [path: string, condition: Condition])[]

/** AWS's bound for what `$or`s multiply to. */
const BRANCHES_MAX = 1000

/**
 * Reads an event pattern of EventBridge; the filter criteria of event source mappings and the filter
 * policies of SNS are written in the same language, and AWS runs them all on one matcher
 * (aws/event-ruler), whose rules and error texts these are.
 * @throws {PatternError}
 */
export function compilePattern(pattern: unknown): Pattern {
  if (!isObject(pattern)) throw new PatternError('Filter is not an object')
  const branches = parseObject(pattern, { path: '', branches: [new Map()], inOr: false }).map(
    (branch): Branch => [...branch].toSorted(([one], [other]) => (one < other ? -1 : 1)),
  )
  const prefixes = prefixesOf(branches)
  return {
    matches(event) {
      if (!isObject(event)) return false
      const fields = fieldsOf(event, prefixes)
      return branches.some((branch) => fits(branch, fields))
    },
  }
}

/** The same from JSON. @throws {PatternError} also for what is no JSON. */
export function parsePattern(json: string): Pattern {
  let pattern: unknown
  try {
    pattern = JSON.parse(json)
  } catch (error) {
    throw new PatternError((error as Error).message)
  }
  return compilePattern(pattern)
}

type Draft = ReadonlyMap<string, Condition>

interface Reading {
  readonly path: string
  /** What has been read so far, once for each way through the `$or`s. */
  readonly branches: readonly Draft[]
  readonly inOr: boolean
}

function parseObject(object: Readonly<Record<string, unknown>>, reading: Reading): Draft[] {
  const entries = Object.entries(object)
  if (entries.length === 0) throw new PatternError('Empty objects are not allowed')
  let branches = [...reading.branches]
  for (const [key, value] of entries) {
    branches = parseEntry(key, value, { ...reading, branches })
    if (branches.length > BRANCHES_MAX) {
      throw new PatternError(
        `Rule is too complex: its $or conditions make more than ${BRANCHES_MAX} combinations`,
      )
    }
  }
  return branches
}

function parseEntry(key: string, value: unknown, reading: Reading): Draft[] {
  if (key === '$or') return parseOr(value, reading)
  if (reading.inOr && RESERVED.has(key)) {
    throw new PatternError(`${key} is Ruler reserved fieldName which cannot be used inside $or.`)
  }
  const path = reading.path === '' ? key : `${reading.path}.${key}`
  if (isObject(value)) return parseObject(value, { ...reading, path })
  if (!Array.isArray(value)) throw new PatternError(`"${key}" must be an object or an array`)
  const condition = parseCondition(value)
  return reading.branches.map((branch) => new Map(branch).set(path, condition))
}

function parseOr(value: unknown, reading: Reading): Draft[] {
  if (!Array.isArray(value)) throw new PatternError('It must be an Array followed with $or.')
  const alternatives = value.flatMap((alternative: unknown) => {
    if (!isObject(alternative)) {
      throw new PatternError('Only JSON object is allowed in array of $or relationship.')
    }
    return parseObject(alternative, { ...reading, inOr: true })
  })
  if (value.length < 2) {
    throw new PatternError('There must have at least 2 Objects in $or relationship.')
  }
  return alternatives
}

/** Names of operators, and names kept for operators to come. */
const RESERVED = new Set(
  `exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex
  not-wildcard not-equals-ignore-case date-after date-on-or-after date-before date-on-or-before
  in-date-range ip-address-in-range ip-address-not-in-range`.split(/\s+/),
)

/** Every field name that leads to one of these: `detail`, `detail.state`. */
function prefixesOf(branches: readonly Branch[]): ReadonlySet<string> {
  const prefixes = new Set<string>()
  for (const [path] of branches.flat()) {
    const steps = path.split('.')
    steps.forEach((_, at) => prefixes.add(steps.slice(0, at + 1).join('.')))
  }
  return prefixes
}

/**
 * Whether one value can be picked for each field so that all of them stand together: of a list of
 * objects, what is wanted of one must not be found in another.
 */
function fits(branch: Branch, fields: Fields): boolean {
  let standings: readonly Standing[] = [NOWHERE]
  for (const [at, [path, { tests, absent }]] of branch.entries()) {
    const present = fields.get(path) ?? []
    const passing = present.filter(({ value }) => tests.some((test) => test(value)))
    const places = placesOf(passing)
    const next = standings.flatMap((standing) => [...places.togetherWith(standing)])
    if (absent) next.push(...withNone(standings, present))
    if (next.length === 0) return false
    standings = next.length === 1 ? next : distinct(next, listsOf(branch.slice(at + 1), fields))
  }
  return true
}

type Fields = ReadonlyMap<string, readonly Field[]>

function placesOf(fields: readonly Field[]): Standings {
  return new Standings(fields.map(({ standing }) => standing))
}

/** Those in which none of these fields stands. */
function withNone(standings: readonly Standing[], fields: readonly Field[]): Standing[] {
  const places = placesOf(fields)
  return standings.filter((standing) => places.togetherWith(standing).next().done === true)
}

/** The lists that these fields stand in: what stands in others only cannot matter to them. */
function listsOf(branch: Branch, fields: Fields): ReadonlySet<number> {
  const lists = new Set<number>()
  for (const [path] of branch) {
    for (const { standing } of fields.get(path) ?? []) {
      for (const list of standing.keys()) lists.add(list)
    }
  }
  return lists
}
