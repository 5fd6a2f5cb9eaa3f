import type { IncomingMessage } from 'node:http'

/** A request's body. */
export interface Body {
  /** How long it was, read or not. */
  readonly length: number
  /** Absent when it was longer than allowed. */
  readonly bytes?: Uint8Array
}

/**
 * Reads a body, counting as it comes. What is over the limit is read on but not kept: the answer
 * names the length, and a client that is still sending when its connection is cut sees no answer.
 * Rejects when the client leaves first.
 */
export async function readBody(request: IncomingMessage, lengthMax: number): Promise<Body> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const chunks: Buffer[] = []
  let length = 0
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= lengthMax) chunks.push(chunk)
    else chunks.length = 0
  })
  request.on('end', resolve)
  request.on('error', reject)
  request.on('close', () => reject(new Error('the client left before its request was complete')))
  await promise
  return length > lengthMax ? { length } : { length, bytes: Buffer.concat(chunks) }
}
