import { request, type IncomingHttpHeaders } from 'node:http'

/** An answer as it came over the socket. */
export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

/** What a request is made of; `Host` and the rest as they are to be sent. */
export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** Sends a request exactly as given: `fetch` would not let us choose `Host`. */
export function sendTo(port: number, path: string, sent: Sent = {}): Promise<Received> {
  const { method = 'GET', headers = {}, body } = sent
  return new Promise((resolve, reject) => {
    const out = request({ port, host: '127.0.0.1', path, method, headers, agent: false })
    out.on('error', reject)
    out.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const isJson = response.headers['content-type'] === 'application/json'
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        })
      })
    })
    out.end(body)
  })
}
