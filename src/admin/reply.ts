import type { ServerResponse } from 'node:http'

/** An answer of the admin listener. */
export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export function json(status: number, value: unknown): Reply {
  return { status, type: 'application/json', body: JSON.stringify(value) }
}

/** A refusal: `code` for programs, `message` for people. */
export function refusal(status: number, code: string, message: string): Reply {
  return json(status, { code, message })
}

export function text(status: number, body: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body }
}

/** Names and messages of functions are shown here: no browser may take them for a page or a script. */
const SAFETY = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
}

export function sendReply(response: ServerResponse, { status, type, body, headers }: Reply): void {
  if (response.destroyed || response.headersSent) return
  response.writeHead(status, {
    ...SAFETY,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  })
  response.end(body)
}
