import type { ServerResponse } from 'node:http'

/** What goes back to a client of AWS. */
export interface Answer {
  readonly status: number
  /** Besides request id, type and length. */
  readonly headers?: Readonly<Record<string, string>>
  /** JSON unless `headers` say otherwise. Absent where the status allows none. */
  readonly body?: string | Uint8Array
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, body: JSON.stringify(value) }
}

/** Sends it, unless the client is gone. */
export function send(response: ServerResponse, requestId: string, answer: Answer): void {
  if (response.destroyed || response.headersSent) return
  const { status, headers = {}, body } = answer
  const about =
    body === undefined
      ? {}
      : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
  response.writeHead(status, { 'x-amzn-RequestId': requestId, ...about, ...headers })
  response.end(body)
}
