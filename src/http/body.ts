import type { IncomingMessage } from 'node:http'

const EMPTY = Buffer.alloc(0)

/** A body, or why there is none. */
export type Body = Uint8Array | 'too-large' | 'aborted'

/**
 * Reads a request's body, counting as it comes: nothing over the limit is kept in memory. `done` is
 * called once, at once when there is no body.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  done: (body: Body) => void,
): void {
  const { headers } = request
  const declared = headers['content-length']
  if (declared === undefined && headers['transfer-encoding'] === undefined) return done(EMPTY)
  if (Number(declared) > bytesMax) return done('too-large')

  let first: Buffer | undefined
  let more: Buffer[] | undefined
  let bytes = 0
  let settled = false
  const settle = (body: Body): void => {
    if (settled) return
    settled = true
    done(body)
  }
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > bytesMax) {
      first = more = undefined
      return settle('too-large')
    }
    if (first === undefined) first = chunk
    else (more ??= [first]).push(chunk)
  })
  request.on('end', () => settle(more === undefined ? (first ?? EMPTY) : Buffer.concat(more)))
  request.on('error', () => settle('aborted'))
  request.on('close', () => settle('aborted'))
}
