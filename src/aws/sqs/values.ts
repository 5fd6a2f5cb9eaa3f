import { invalid, invalidValue, missing } from './errors.ts'
import type { Params } from './operation.ts'

/** @throws {SqsError} where it is missing. */
export function requiredText(params: Params, name: string): string {
  const value = optionalText(params, name)
  if (value === undefined) throw missing(name)
  return value
}

/** @throws {SqsError} where it is something else. */
export function optionalText(params: Params, name: string): string | undefined {
  const value = params[name]
  if (value === undefined || value === null) return undefined
  if (isScalar(value)) return String(value)
  throw invalid(name, JSON.stringify(value), 'Must be a string.')
}

/** A whole number, or the text of one: forms have nothing else. */
export function optionalNumber(
  params: Params,
  name: string,
  { min, max, reason }: { readonly min: number; readonly max: number; readonly reason: string },
): number | undefined {
  const text = optionalText(params, name)
  if (text === undefined) return undefined
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw invalid(name, text, reason)
}

/** A list of texts; empty where there is none. */
export function texts(params: Params, name: string): string[] {
  const value = params[name]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw invalidValue(`${name} must be a list.`)
  return value.map(String)
}

/** A map; empty where there is none. */
export function mapOf(params: Params, name: string): Record<string, unknown> {
  const value = params[name]
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw invalidValue(`${name} must be a map.`)
  return value as Record<string, unknown>
}

/** A map of texts. */
export function textMap(params: Params, name: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(mapOf(params, name)).map(([key, value]) => [key, String(value)]),
  )
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}
