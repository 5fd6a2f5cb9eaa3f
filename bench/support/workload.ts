import http from 'node:http'
import { isDeepStrictEqual } from 'node:util'

/** The article's request, which every peer must answer alike. */
export const REQUEST = {
  method: 'POST',
  path: '/lead/42',
  headers: { 'content-type': 'application/json' },
  body: '{"name":"Ada","email":"a@x.io"}',
} as const

const EXPECTED = { leadId: '42', name: 'Ada', email: 'a@x.io' }

/** What a peer said to one request. */
export interface Reply {
  readonly status: number
  readonly body: string
}

/**
 * Sends the request once, on a connection of its own.
 * @throws {Error} when nothing listens there, or the connection breaks.
 */
export async function ask(port: number, path: string = REQUEST.path): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const { method, headers, body } = REQUEST
  const options = { host: '127.0.0.1', port, path, method, headers, agent: false }
  const request = http.request(options, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => (text += chunk))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    response.on('error', reject)
  })
  request.on('error', reject)
  request.end(body)
  return await promise
}

/** Why a reply is not the right one, or undefined. */
export function faultOf({ status, body }: Reply): string | undefined {
  try {
    if (status === 200 && isDeepStrictEqual(JSON.parse(body), EXPECTED)) return undefined
  } catch {
    // Not JSON: said below, with the rest.
  }
  return `answered ${status} ${body.slice(0, 200)}`
}
