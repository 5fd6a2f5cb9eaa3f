/**
 * How the server and an environment talk, over two inherited pipes: fd 3 to the environment, fd 4
 * back. (That a handler begins is said elsewhere: `start-mark.ts`.) A frame is `type:u8 length:u32 seq:u32 headLength:u32 head body`, little-endian; `length`
 * counts what follows it. Heads are latin1, so that header values travel as they came; bodies are
 * bytes. The fields of a head stand one a line: no value in it can hold a line break.
 */
export const FRAME = {
  /** To the environment: route `seq` is the RouteContext in the body. Sent once, before its use. */
  route: 0x52,
  /** To the environment: an HTTP request as it came; the environment builds the event. */
  http: 0x48,
  /** To the environment: a JSON payload. */
  json: 0x4a,
  /** Back: the handler is loaded. Head: milliseconds it took. */
  ready: 0x49,
  /** Back: it could not be loaded. Body: the error JSON. */
  initError: 0x58,
  /** Back: the JSON result. Head: duration ms, peak memory KiB. */
  result: 0x44,
  /** Back: the HTTP response. Head: duration, memory, status, raw headers. */
  response: 0x50,
  /** Back: what the front end calls malformed. Head: duration, memory. Body: why. */
  malformed: 0x4d,
  /** Back: the handler failed. Head: duration, memory. Body: the error JSON. */
  error: 0x45,
  /** Back: it was taken back just before its handler was to be called, and was not called. */
  refused: 0x46,
  /** Back: log text; `seq` 0 where no invocation runs. */
  log: 0x4c,
  /** Back: a streamed response begins. Head: its content type. */
  stream: 0x53,
  /** Back: the next bytes of a streamed response. */
  chunk: 0x43,
  /** Back: a streamed response is whole, or has failed. Head: duration, memory. Body: the error JSON, or nothing. */
  streamEnd: 0x5a,
  /** Back: it takes no more; what it has runs to its end, then it exits by itself. */
  leaving: 0x4e,
  /** To a spare interpreter: which function it is from now on. Body: JSON of its variables and working directory. */
  adopt: 0x41,
  /** To the environment: the client of this streamed response has enough for now. */
  hold: 0x57,
  /** To the environment: it takes more. */
  go: 0x47,
} as const

export type FrameType = (typeof FRAME)[keyof typeof FRAME]

/** The other side says what cannot be read: it is broken or lies, and nothing it says counts. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

const PREFIX_BYTES = 13

/** Larger than any payload or response Lambda allows, small enough not to fill the memory. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024

/** One frame as bytes. A string body goes out as UTF-8. */
export function encodeFrame(
  type: FrameType,
  seq: number,
  head: string,
  body: Uint8Array | string,
): Buffer {
  const bodyBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + head.length + bodyBytes)
  frame[0] = type
  frame.writeUInt32LE(8 + head.length + bodyBytes, 1)
  frame.writeUInt32LE(seq, 5)
  frame.writeUInt32LE(head.length, 9)
  frame.write(head, PREFIX_BYTES, 'latin1')
  if (typeof body === 'string') frame.write(body, PREFIX_BYTES + head.length, 'utf8')
  else frame.set(body, PREFIX_BYTES + head.length)
  return frame
}

/** A frame as read. `body` may share memory with the chunk it came in: use it before returning. */
export type OnFrame = (type: number, seq: number, head: string, body: Buffer) => void

/**
 * Cuts a byte stream into frames; feed it every chunk. A frame that came whole is not copied.
 * @throws {ProtocolError} for a frame longer than any that is sent, or shorter than a frame can be.
 */
export function frameReader(onFrame: OnFrame): (chunk: Buffer) => void {
  let partial: Buffer | undefined
  let filled = 0

  const deliver = (frame: Buffer): void => {
    const headEnd = PREFIX_BYTES + frame.readUInt32LE(9)
    const head = frame.toString('latin1', PREFIX_BYTES, headEnd)
    onFrame(frame[0] ?? 0, frame.readUInt32LE(5), head, frame.subarray(headEnd))
  }

  return (chunk) => {
    let at = 0
    while (at < chunk.length) {
      if (partial === undefined) {
        const length = frameLength(chunk, at)
        if (at + length <= chunk.length) {
          deliver(chunk.subarray(at, at + length))
          at += length
          continue
        }
        partial = Buffer.allocUnsafe(length)
        filled = 0
      }
      const taken = chunk.copy(partial, filled, at)
      filled += taken
      at += taken
      if (filled < partial.length) continue
      const whole = partial
      partial = undefined
      if (whole.length > PREFIX_BYTES || frameLength(whole, 0) === PREFIX_BYTES) {
        deliver(whole)
        continue
      }
      // Only the prefix was known to be missing; now its length is.
      partial = Buffer.allocUnsafe(frameLength(whole, 0))
      filled = whole.copy(partial)
    }
  }
}

/** The length of the frame that begins at `at`; of its prefix while that is not all there. */
function frameLength(chunk: Buffer, at: number): number {
  if (chunk.length - at < PREFIX_BYTES) return PREFIX_BYTES
  const length = 5 + chunk.readUInt32LE(at + 1)
  if (length < PREFIX_BYTES || length > FRAME_BYTES_MAX) {
    throw new ProtocolError(`a frame of ${length} bytes is never sent`)
  }
  return length
}
