import type { ServerResponse } from 'node:http'

/** The largest buffered response, as Lambda has it: 6 MiB and 100 bytes. */
export const RESPONSE_BYTES_MAX = 6_291_556

/** An answer of the Runtime API that says how a call went, in the words of AWS's emulator. */
export interface Reply {
  readonly status: number
  readonly body: string
}

export const ACCEPTED: Reply = { status: 202, body: '{"status":"OK"}\n' }

export const INVALID_REQUEST_ID: Reply = failure(400, 'InvalidRequestID', 'Invalid request ID')

export const INVALID_RESPONSE_MODE: Reply = failure(
  400,
  'InvalidFunctionResponseMode',
  'Invalid function response mode',
)

export const TOO_LARGE: Reply = failure(
  413,
  'RequestEntityTooLarge',
  `Exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`,
)

/** A call that is none in the state that the runtime, or one invocation, is in. */
export function wrongState(from: string, to: string): Reply {
  const message = `State transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed`
  return failure(403, 'InvalidStateTransition', message)
}

/** A call that is not served; the message says which. */
export function notServed(status: 403 | 404, what: string): Reply {
  return failure(status, 'Spillway.NotServed', what)
}

function failure(status: number, errorType: string, errorMessage: string): Reply {
  return { status, body: `${JSON.stringify({ errorMessage, errorType })}\n` }
}

/** Sends it. What is left of the request is read and dropped. */
export function send(response: ServerResponse, { status, body }: Reply): void {
  if (response.headersSent || response.destroyed) return
  response.sendDate = false
  response.req.resume()
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  })
  response.end(body)
}
