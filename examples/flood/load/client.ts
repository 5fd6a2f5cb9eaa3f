import { Agent, request } from 'node:http'

export interface Reply {
  /** 0 when no answer came. */
  readonly status: number
  readonly body: string
  /** What it waited for limits and environments, as Spillway says it. */
  readonly waitedMs: number
}

/** Speaks to one listener over connections that are kept. */
export interface Client {
  send(
    method: string,
    path: string,
    body?: string,
    more?: Readonly<Record<string, string>>,
  ): Promise<Reply>
  close(): void
}

/** Above what anything may take: a job waits a minute and runs for seconds. */
const TIMEOUT_MS = 180_000

export function createClient(url: string): Client {
  const { hostname, port } = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: Infinity })
  return {
    async send(method, path, body = '', more = {}) {
      const { promise, resolve } = Promise.withResolvers<Reply>()
      const lost = (error: Error): void => resolve({ status: 0, body: error.message, waitedMs: 0 })
      const headers = {
        ...(body === '' ? {} : { 'content-type': 'application/json' }),
        'content-length': Buffer.byteLength(body),
        ...more,
      }
      const sent = request(
        { agent, hostname, port, method, path, headers, timeout: TIMEOUT_MS },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          response.on('error', lost)
          response.on('end', () => {
            const waited = response.headers['x-spillway-waited-ms']
            resolve({ status: response.statusCode ?? 0, body: text, waitedMs: Number(waited ?? 0) })
          })
        },
      )
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
      sent.on('error', lost)
      sent.end(body)
      return await promise
    },
    close: () => agent.destroy(),
  }
}
