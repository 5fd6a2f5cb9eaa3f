import { isLeaf, isObject, type Leaf } from './operators.ts'
import { NOWHERE, type Standing } from './standing.ts'

/** A value of an event, and where it stands. */
export interface Field {
  readonly value: Leaf
  readonly standing: Standing
}

/** What is nested deeper than this has no values (as deep as AWS's own parser goes). */
const LISTS_MAX = 1000

/**
 * The values of an event by name: `detail.state`. A list has the values of all its elements. Names
 * that are not in `prefixes` are left out.
 */
export function fieldsOf(
  event: Readonly<Record<string, unknown>>,
  prefixes: ReadonlySet<string>,
): ReadonlyMap<string, readonly Field[]> {
  const fields = new Map<string, Field[]>()
  let lists = 0

  const add = (value: unknown, path: string, standing: Standing): void => {
    if (isLeaf(value)) addLeaf({ value, standing }, path)
    else if (Array.isArray(value)) addList(value, path, standing)
    else if (isObject(value)) addObject(value, path, standing)
  }

  const addLeaf = (field: Field, path: string): void => {
    const known = fields.get(path)
    if (known === undefined) fields.set(path, [field])
    else known.push(field)
  }

  /** A bare value stands in no element: any of them will do, together with anything. */
  const addList = (elements: readonly unknown[], path: string, standing: Standing): void => {
    if (standing.size >= LISTS_MAX) return
    const list = lists++
    for (const [at, element] of elements.entries()) {
      add(element, path, isLeaf(element) ? standing : new Map(standing).set(list, at))
    }
  }

  const addObject = (object: object, path: string, standing: Standing): void => {
    for (const [key, value] of Object.entries(object)) {
      const name = path === '' ? key : `${path}.${key}`
      if (prefixes.has(name)) add(value, name, standing)
    }
  }

  addObject(event, '', NOWHERE)
  return fields
}
