import { RESPONSE_BYTES_MAX } from './replies.ts'
import type { TrailingError } from './uploads.ts'

/** What Lambda takes as a type in the header; anything else is `Runtime.Unknown` to it. */
const KNOWN_TYPE = /^(?:Runtime|Function)\.[A-Z][a-zA-Z]+$/

/**
 * The error JSON that a runtime has posted, as it came. One that is none, or empty, becomes one:
 * its callers read `errorType` and `errorMessage`.
 */
export function errorJsonOf(body: Buffer, header: string | undefined): Uint8Array {
  if (isErrorJson(body)) return body
  const errorType = header !== undefined && KNOWN_TYPE.test(header) ? header : 'Runtime.Unknown'
  return toJson(errorType, body.toString())
}

/** The same for one that came behind a streamed answer. */
export function trailingErrorOf(error: TrailingError | undefined): Uint8Array | undefined {
  if (error === undefined) return undefined
  const { errorType, body } = error
  return errorJsonOf(Buffer.from(body, 'base64'), errorType)
}

/** As the platform words it; the runtime is not to blame, so it has no trace. */
export function tooLargeJson(): Uint8Array {
  const message = `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`
  return toJson('Function.ResponseSizeTooLarge', message)
}

export function truncatedJson(): Uint8Array {
  return toJson('Runtime.TruncatedResponse', 'Response truncated')
}

function toJson(errorType: string, errorMessage: string): Uint8Array {
  return Buffer.from(JSON.stringify({ errorMessage, errorType }))
}

function isErrorJson(body: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
