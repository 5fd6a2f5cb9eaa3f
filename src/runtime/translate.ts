import { fromResult, toEvent } from '../events/index.ts'
import type { Payload, Result } from './work.ts'

/**
 * What a handler receives, as JSON: for environments that cannot build events themselves. Never
 * throws.
 */
export function eventJson(payload: Payload): Uint8Array | string {
  if (payload.kind === 'json') return payload.json
  return JSON.stringify(toEvent(payload.request, payload.route))
}

/** What became of the JSON that a handler returned, or why the front end calls it malformed. */
export type Answer =
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'malformed'; readonly reason: string }

/** A handler's result for whoever asked: over HTTP it is translated, else it goes back as it is. */
export function resultOf(payload: Payload, json: Buffer): Answer {
  if (payload.kind === 'json') return { kind: 'result', result: { kind: 'json', json } }
  const value = parse(json)
  if (value === undefined) return { kind: 'malformed', reason: 'the result is not JSON' }
  const translated = fromResult(value, payload.request, payload.route)
  if (!translated.ok) return { kind: 'malformed', reason: translated.reason }
  return { kind: 'result', result: { kind: 'http', response: translated.response } }
}

/** Undefined is no JSON value, so it can stand for what is none. */
function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString()) as unknown
  } catch {
    return undefined
  }
}
