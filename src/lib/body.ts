import type { IncomingMessage } from 'node:http'

/** A request's body. */
export interface Body {
  /** How long it was, kept or not. */
  readonly length: number
  /** Absent when it was longer than allowed. */
  readonly bytes?: Buffer
}

const NONE: Body = { length: 0, bytes: Buffer.alloc(0) }

/** Bodies that have been read once: a stream gives its bytes to one reader. */
const kept = new WeakMap<IncomingMessage, Body>()

/** Has the next reader get this body, which somebody has had to read before. */
export function keepBody(request: IncomingMessage, body: Body): undefined {
  kept.set(request, body)
}

/**
 * Reads a body, counting as it comes, and calls `done` once: at once when there is none, with
 * undefined when the client left first. What is over the limit is read on but not kept: the answer
 * may name the length, and a client that is still sending when its connection is cut sees no answer.
 */
export function readBody(
  request: IncomingMessage,
  lengthMax: number,
  done: (body: Body | undefined) => void,
): void {
  const { headers } = request
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    return done(NONE)
  }
  let chunks: Buffer[] = []
  let length = 0
  let settled = false
  const settle = (body: Body | undefined): void => {
    if (settled) return
    settled = true
    done(body)
  }
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= lengthMax) chunks.push(chunk)
    else chunks = []
  })
  request.on('end', () => settle(length > lengthMax ? { length } : { length, bytes: join(chunks) }))
  request.on('error', () => settle(undefined))
  request.on('close', () => settle(undefined))
}

/** Most bodies come in one piece. */
function join(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks)
}

/** The same for those who can wait. Rejects when the client leaves first. */
export async function bodyOf(request: IncomingMessage, lengthMax: number): Promise<Body> {
  const before = kept.get(request)
  if (before !== undefined) {
    return before.length > lengthMax ? { length: before.length } : before
  }
  const { promise, resolve, reject } = Promise.withResolvers<Body>()
  readBody(request, lengthMax, (body) => {
    if (body === undefined) reject(new Error('the client left before its request was complete'))
    else resolve(body)
  })
  return await promise
}
