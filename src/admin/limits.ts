import type { IncomingMessage } from 'node:http'
import * as v from 'valibot'
import { bodyOf } from '../lib/body.ts'
import { SpillwayError } from '../lib/errors.ts'
import type { Gate } from '../gate/gate.ts'
import type { LimitChange, LimitsControl } from '../gate/limits.ts'
import { json, refusal, type Reply } from './reply.ts'

const BODY_BYTES_MAX = 64 * 1024
const NAME_CHARS_MAX = 256

const Change = v.strictObject({
  scope: v.picklist(['account', 'group', 'function']),
  name: v.pipe(v.string(), v.maxLength(NAME_CHARS_MAX)),
  field: v.picklist(['maxConcurrency', 'guaranteedConcurrency', 'reservedConcurrency']),
  value: v.nullable(v.number()),
}) satisfies v.GenericSchema<unknown, LimitChange>

const Request = v.strictObject({
  changes: v.pipe(v.array(Change), v.minLength(1)),
  /** Who asks, for the log. */
  by: v.optional(v.pipe(v.string(), v.maxLength(NAME_CHARS_MAX)), 'admin-api'),
})

/** The limits as configured, and what the gate holds and keeps waiting now. */
export function showLimits({ limits, gate }: { limits: LimitsControl; gate: Gate }): Reply {
  return json(200, { config: limits.current(), gate: gate.snapshot() })
}

/** Makes all of the request's changes or none, and shows what holds then. */
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
  if (!parsed.success) return refusal(400, 'INVALID_REQUEST', describe(parsed.issues[0]))
  try {
    parts.limits.change(parsed.output.changes, parsed.output.by)
  } catch (error) {
    if (SpillwayError.is(error)) return refusal(400, error.code, error.message)
    throw error
  }
  return showLimits(parts)
}

function describe(issue: v.BaseIssue<unknown>): string {
  const at = v.getDotPath(issue)
  return at === null ? issue.message : `${at}: ${issue.message}`
}
