import { decodeQuery } from './escapes.ts'
import { append, join, put, type MultiMap, type StringMap } from './maps.ts'

/** A query as payload 1.0 has it: the last value of each key, and all of them. */
export interface QueryMaps {
  readonly last: StringMap
  readonly all: MultiMap
}

/** Reads a query for payload 1.0; null when it has no pairs. */
export function queryMaps(query: string): QueryMaps | null {
  const pairs = queryPairs(query)
  if (pairs.length === 0) return null
  const last: StringMap = {}
  const all: MultiMap = {}
  for (let i = 0; i < pairs.length; i += 2) {
    const key = pairs[i] ?? ''
    const value = pairs[i + 1] ?? ''
    put(last, key, value)
    append(all, key, value)
  }
  return { last, all }
}

/** Reads a query for payload 2.0: the values of a key joined by commas; undefined without pairs. */
export function joinedQuery(query: string): StringMap | undefined {
  const pairs = queryPairs(query)
  if (pairs.length === 0) return undefined
  const joined: StringMap = {}
  for (let i = 0; i < pairs.length; i += 2) join(joined, pairs[i] ?? '', pairs[i + 1] ?? '')
  return joined
}

/** `[key, value, key, value, …]`, decoded, in the order sent. */
function queryPairs(query: string): string[] {
  const pairs = sentPairs(query)
  for (let i = 0; i < pairs.length; i++) pairs[i] = decodeQuery(pairs[i] ?? '')
  return pairs
}

/**
 * `[key, value, key, value, …]` as sent. A key without `=` has an empty value. By hand, because
 * `URLSearchParams` costs up to twice as much and this runs for every request.
 */
export function sentPairs(query: string): string[] {
  const pairs: string[] = []
  let from = 0
  while (from < query.length) {
    let to = query.indexOf('&', from)
    if (to === -1) to = query.length
    const equals = query.indexOf('=', from)
    const keyEnd = equals === -1 || equals > to ? to : equals
    if (to > from) pairs.push(query.slice(from, keyEnd), query.slice(keyEnd + 1, to))
    from = to + 1
  }
  return pairs
}
