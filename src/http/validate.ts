import { mediaType } from '../events/media-types.ts'
import { assert } from '../lib/errors.ts'
import { valuesOf } from '../lib/raw-headers.ts'
import type { RequestValidation } from '../model/front-rules.ts'
import { parseIdentitySource } from '../model/identity-source.ts'
import { compileSchema, type SchemaCheck } from '../model/json-schema.ts'
import type { Arrival, BodyGuard, Guard } from './guard.ts'
import { headerOf } from './header.ts'
import { queryValues } from './identity.ts'
import { refuse } from './refuse.ts'

/** Turns away what lacks a parameter that its method requires: it must be there, and not blank. */
export function parametersGuard({ required }: RequestValidation): Guard {
  const wanted = required.map((text) => {
    const source = parseIdentitySource(text, 'rest')
    return { name: source?.name ?? text, read: readerOf(source) }
  })
  return (arrival) => {
    const missing = wanted.filter(({ read }) => read(arrival).every((value) => value.trim() === ''))
    if (missing.length === 0) return undefined
    return refuse(arrival, 'bad-parameters', missing.map(({ name }) => name).join(', '))
  }
}

function readerOf(
  source: ReturnType<typeof parseIdentitySource>,
): (arrival: Arrival) => readonly string[] {
  assert(source !== undefined, 'the manifest has read every parameter')
  const { part, name } = source
  const lower = name.toLowerCase()
  return part === 'header'
    ? ({ rawHeaders }) => valuesOf(rawHeaders, lower)
    : ({ target }) => queryValues(target, name)
}

/**
 * Turns away a body that does not fit the model of its media type; a request that names no type is
 * `application/json`, and a type without a model is not looked at, as on AWS.
 */
export function schemaGuard({ schemas }: RequestValidation): BodyGuard {
  const checks = new Map(Object.entries(schemas).map(([type, schema]) => [type, checkOf(schema)]))
  return (arrival, body) => {
    const type = headerOf(arrival.rawHeaders, 'content-type') ?? 'application/json'
    const check = checks.get(mediaType(type))
    if (check === undefined || fits(check, body)) return undefined
    return refuse(arrival, 'bad-body').refusal
  }
}

function checkOf(schema: unknown): SchemaCheck {
  const compiled = compileSchema(schema)
  assert('check' in compiled, 'the manifest has read every model')
  return compiled.check
}

function fits(check: SchemaCheck, body: Uint8Array): boolean {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString())
  } catch {
    return false
  }
  return check(value)
}
