import type { IncomingMessage } from 'node:http'
import * as v from 'valibot'
import { bodyOf } from '../lib/body.ts'
import { SpillwayError } from '../lib/errors.ts'
import type { Gate } from '../gate/gate.ts'
import { LIMIT_FIELDS, type LimitChange, type LimitsControl } from '../gate/limits/limits.ts'
import { json, refusal, type Reply } from './reply.ts'

const BODY_BYTES_MAX = 64 * 1024
const NAME_CHARS_MAX = 256

const SCOPES = ['account', 'group', 'tag', 'function', 'version'] as const
const FIELDS = [...new Set(Object.values(LIMIT_FIELDS).flat())]

/** A change as data: what the body of a request and the file of the saved ones consist of. */
export const CHANGE: {
  readonly [K in keyof LimitChange]: v.GenericSchema<unknown, LimitChange[K]>
} = {
  scope: v.picklist(SCOPES),
  name: v.pipe(v.string(), v.maxLength(NAME_CHARS_MAX)),
  field: v.picklist(FIELDS),
  value: v.nullable(v.number()),
}

const Request = v.strictObject({
  changes: v.pipe(v.array(v.strictObject(CHANGE)), v.minLength(1)),
  /** Who asks, for the log. */
  by: v.optional(v.pipe(v.string(), v.maxLength(NAME_CHARS_MAX)), 'admin-api'),
  /** Take the changes back after so long. */
  forMs: v.optional(v.number()),
  /** Make them survive a restart. */
  save: v.optional(v.boolean()),
})

/** The limits as configured, and what the gate holds and keeps waiting now. */
export function showLimits({ limits, gate }: { limits: LimitsControl; gate: Gate }): Reply {
  return json(200, { config: limits.current(), gate: gate.snapshot() })
}

/** Makes all of the request's changes or none, and shows what changed and what holds then. */
export async function changeLimits(
  request: IncomingMessage,
  parts: { readonly limits: LimitsControl; readonly gate: Gate },
): Promise<Reply> {
  // A web page can send a form or plain text to anyone, but JSON only to whoever lets it.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return refusal(415, 'UNSUPPORTED_MEDIA_TYPE', 'expected content-type: application/json')
  }
  const { bytes } = await bodyOf(request, BODY_BYTES_MAX)
  if (bytes === undefined) {
    return refusal(413, 'TOO_LARGE', `expected a body of at most ${BODY_BYTES_MAX} bytes`)
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Request), bytes.toString())
  if (!parsed.success) return refusal(400, 'INVALID_REQUEST', describeIssue(parsed.issues[0]))
  const { changes, by, forMs, save } = parsed.output
  try {
    const changed = parts.limits.change(changes, by, {
      ...(forMs === undefined ? {} : { forMs }),
      ...(save === undefined ? {} : { save }),
    })
    const { gate, limits } = parts
    return json(200, { config: limits.current(), gate: gate.snapshot(), changed })
  } catch (error) {
    if (SpillwayError.is(error)) return refusal(400, error.code, error.message)
    throw error
  }
}

/** The first thing wrong with parsed data, with its path. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const at = v.getDotPath(issue)
  return at === null ? issue.message : `${at}: ${issue.message}`
}
