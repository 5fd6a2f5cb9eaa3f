import { byteLength, fromBase64 } from './bytes.ts'

/** A result, or the reason why the gateway would not take it. */
export type Read<T> = { readonly value: T } | { readonly reason: string }

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is an object to JSON, and no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A handler's value as JSON would carry it, for the values that say themselves what that is: a
 * `Date`, or a class with `toJSON`. Others are read as they are, which saves the way through text.
 */
export function asJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (typeof (value as { toJSON?: unknown }).toJSON !== 'function') return value
  const text = JSON.stringify(value) as string | undefined
  return text === undefined ? undefined : JSON.parse(text)
}

/**
 * A string, number or boolean as text, as AWS reads them all; undefined for what JSON drops or
 * calls null; null for an object or an array.
 */
export function scalarText(value: unknown): string | undefined | null {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const json = asJson(value)
  return typeof json === 'object' && json !== null ? null : scalarText(json)
}

/** A status code: a number or a numeric string, of a final response. */
export function readStatus(value: unknown): Read<number> {
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  if (typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 999) {
    return { value: status }
  }
  return { reason: `statusCode: expected a whole number from 200 to 999, got: ${show(value)}` }
}

/** The text of a result's `body`; empty when there is none. */
export function readBody(value: unknown): Read<string> {
  const text = scalarText(value)
  if (text === null) {
    return { reason: `body: expected a string, got: ${show(value)}; JSON.stringify it` }
  }
  return { value: text ?? '' }
}

/** Whether `isBase64Encoded` says yes; the strings `true` and `false` count too. */
export function readFlag(value: unknown): Read<boolean> {
  const text = scalarText(value)
  if (text === undefined || text === 'false') return { value: false }
  if (text === 'true') return { value: true }
  return { reason: `isBase64Encoded: expected true or false, got: ${show(value)}` }
}

/** A body as it is to be sent, with its length in bytes; undefined when its base64 is broken. */
export function encodeBody(
  body: string,
  isBase64: boolean,
): { readonly body: string | Uint8Array; readonly length: number } | undefined {
  if (!isBase64) return { body, length: byteLength(body) }
  const bytes = fromBase64(body)
  return bytes && { body: bytes, length: bytes.length }
}

/** A response of this status has no body and no length (RFC 9110 §8.6). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304
}

/** A value for a person, in a word or two. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value)
}
