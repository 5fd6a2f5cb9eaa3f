/**
 * A second matcher, as slow and as plain as can be, for patterns of a few operators: every way through
 * the alternatives, and in each of them every choice of one value a field, is tried.
 */
export function matchesNaively(pattern: object, event: object): boolean {
  const values = [...valuesOf(event, '', [])]
  return waysThrough(Object.entries(pattern), '').some((fields) => {
    const names = [...new Set(fields.map(([name]) => name))].toSorted()
    const wanted = names.map((name) => [
      name,
      fields.findLast(([each]) => each === name)?.[1] ?? [],
    ])
    return choose(wanted as [string, unknown[]][], values, [])
  })
}

type Way = (readonly [name: string, tests: unknown[]])[]

/** `$or` doubles the ways; a field that is named twice in one of them has its last condition. */
function waysThrough(entries: readonly (readonly [string, unknown])[], path: string): Way[] {
  return entries.reduce<Way[]>(
    (ways, [key, value]) => {
      const name = path === '' ? key : `${path}.${key}`
      const more: Way[] =
        key === '$or'
          ? (value as object[]).flatMap((each) => waysThrough(Object.entries(each), path))
          : Array.isArray(value)
            ? [[[name, value]]]
            : waysThrough(Object.entries(value as object), name)
      return ways.flatMap((way) => more.map((each) => [...way, ...each]))
    },
    [[]],
  )
}

interface Found {
  readonly name: string
  readonly value: unknown
  /** `[list, element]` pairs; a list is known by the path of keys and indexes that leads to it. */
  readonly elements: readonly (readonly [list: string, at: number])[]
}

function* valuesOf(
  value: unknown,
  name: string,
  elements: Found['elements'],
  where = '',
): Generator<Found> {
  if (Array.isArray(value)) {
    for (const [at, each] of value.entries()) {
      const isLeaf = typeof each !== 'object' || each === null
      const within = isLeaf ? elements : [...elements, [where, at] as const]
      yield* valuesOf(each, name, within, `${where}[${at}]`)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) {
      yield* valuesOf(each, name === '' ? key : `${name}.${key}`, elements, `${where}.${key}`)
    }
  } else {
    yield { name, value, elements }
  }
}

function choose(
  [first, ...rest]: readonly [string, unknown[]][],
  values: readonly Found[],
  chosen: readonly Found[],
): boolean {
  if (first === undefined) return true
  const [name, tests] = first
  const candidates = values.filter((each) => each.name === name && consistent([...chosen, each]))
  const passing = candidates.filter(({ value }) => tests.some((each) => passes(each, value)))
  if (passing.some((each) => choose(rest, values, [...chosen, each]))) return true
  const mayBeAbsent = tests.some((each) => isOperator(each, 'exists', false))
  return mayBeAbsent && candidates.length === 0 && choose(rest, values, chosen)
}

function consistent(chosen: readonly Found[]): boolean {
  const all = chosen.flatMap(({ elements }) => elements)
  return all.every(([list, at]) => all.every(([other, there]) => list !== other || at === there))
}

function isOperator(test: unknown, name: string, argument: unknown): boolean {
  return (
    typeof test === 'object' &&
    test !== null &&
    Object.entries(test)[0]?.join() === `${name},${String(argument)}`
  )
}

function passes(test: unknown, value: unknown): boolean {
  if (typeof test !== 'object' || test === null) return test === value
  const [[name, argument] = ['', undefined]] = Object.entries(test)
  switch (name) {
    case 'prefix':
      return typeof value === 'string' && value.startsWith(argument as string)
    case 'anything-but':
      return value !== argument
    case 'numeric':
      return typeof value === 'number' && value > 1
    case 'exists':
      return argument as boolean
    default:
      throw new Error(`not known here: ${name}`)
  }
}
