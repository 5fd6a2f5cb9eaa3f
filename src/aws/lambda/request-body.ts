import { bodyOf } from '../../lib/body.ts'
import { invalidContent, invalidMember, requestTooLarge } from './errors.ts'
import type { Call } from './operation.ts'

/** AWS's limit of a request that carries no code and no payload. */
const BODY_BYTES_MAX = 1024 * 1024

/** The members of a request's body, by AWS's names. */
export type Members = Readonly<Record<string, unknown>>

/**
 * Reads the JSON object that a request's body is; none is an empty one.
 * @throws {LambdaError}
 */
export async function membersOf({ request }: Call): Promise<Members> {
  const { bytes } = await bodyOf(request, BODY_BYTES_MAX)
  if (bytes === undefined) throw requestTooLarge(BODY_BYTES_MAX)
  return bytes.length === 0 ? {} : toObject(parse(bytes.toString()))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unparsed((error as Error).message)
  }
}

function toObject(value: unknown): Members {
  return isObject(value) ? value : {}
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member that is there and not null. */
function given(members: Members, key: string): unknown {
  return Object.hasOwn(members, key) ? (members[key] ?? undefined) : undefined
}

/** @throws {LambdaError} */
export function optionalText(members: Members, key: string): string | undefined {
  const value = given(members, key)
  if (value === undefined || typeof value === 'string') return value
  throw unparsed(`${memberName(key)} is not a string`)
}

/** @throws {LambdaError} */
export function optionalObject(members: Members, key: string): Members | undefined {
  const value = given(members, key)
  if (value === undefined || isObject(value)) return value
  throw unparsed(`${memberName(key)} is not an object`)
}

/** @throws {LambdaError} */
export function optionalFlag(members: Members, key: string): boolean | undefined {
  const value = given(members, key)
  if (value === undefined || typeof value === 'boolean') return value
  throw unparsed(`${memberName(key)} is not a boolean`)
}

/** @throws {LambdaError} */
export function optionalList(members: Members, key: string): readonly unknown[] | undefined {
  const value = given(members, key)
  if (value === undefined || Array.isArray(value)) return value
  throw unparsed(`${memberName(key)} is not a list`)
}

/** A map of texts; empty where there is none. @throws {LambdaError} */
export function textsOf(members: Members, key: string): Record<string, string> {
  const map = optionalObject(members, key) ?? {}
  return Object.fromEntries(Object.keys(map).map((each) => [each, optionalText(map, each) ?? '']))
}

/** How large a count may be, and what validation calls it. */
export interface CountRule {
  readonly min: number
  readonly max?: number
  /** Default: the key, first letter small. */
  readonly member?: string
}

/** @throws {LambdaError} */
export function optionalCount(members: Members, key: string, rule: CountRule): number | undefined {
  const { min, max = Infinity, member = memberName(key) } = rule
  const value = given(members, key)
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw unparsed(`${member} is not an integer`)
  }
  if (value >= min && value <= max) return value
  const bound = value < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`
  throw invalidMember(String(value), member, `Member must have value ${bound}`)
}

/** @throws {LambdaError} */
export function requiredCount(members: Members, key: string, rule: CountRule): number {
  return optionalCount(members, key, rule) ?? missing(key)
}

/** @throws {LambdaError} */
export function requiredText(members: Members, key: string): string {
  return optionalText(members, key) ?? missing(key)
}

function missing(key: string): never {
  throw invalidMember(null, memberName(key), 'Member must not be null')
}

/** What AWS's validation calls it: `ReservedConcurrentExecutions` is `reservedConcurrentExecutions`. */
function memberName(key: string): string {
  return key.charAt(0).toLowerCase() + key.slice(1)
}

function unparsed(why: string): Error {
  return invalidContent(`Could not parse request body into json: ${why}`)
}
