/** A map of a payload: an ordinary object, as `JSON.parse` would make it. */
export type StringMap = Record<string, string>

/** A map that keeps every value, in order. */
export type MultiMap = Record<string, string[]>

/**
 * `map[key] = value`, also for the key `__proto__`, which an assignment would swallow. Clients
 * choose these names.
 */
export function put<T>(map: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') define(map, key, value)
  else map[key] = value
}

/** Adds a value to a key's list. */
export function append(map: MultiMap, key: string, value: string): void {
  const seen: unknown = map[key]
  if (seen === undefined) map[key] = [value]
  else if (Array.isArray(seen)) seen.push(value)
  // What every object inherits, such as `constructor`, is no value of ours.
  else define(map, key, [value])
}

/** Adds a value behind a comma and no space, as payload 2.0 does. */
export function join(map: StringMap, key: string, value: string): void {
  const seen: unknown = map[key]
  if (seen === undefined) map[key] = value
  else if (typeof seen === 'string') map[key] = `${seen},${value}`
  else define(map, key, value)
}

/** An own `__proto__` is then an ordinary property, so `join` may assign to it. */
function define(map: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
}
