import { writeSync } from 'node:fs'
import { encodeFrame, type FrameType } from '../frames.ts'

/** Results and logs on their way to the server. */
const OUT = 4
/** See `start-mark.ts`. */
const START_MARK = 5

const PAUSE = new Int32Array(new SharedArrayBuffer(4))

const mark = Buffer.alloc(4)

/** Says, blocking, that the handler is about to be called: after this it counts as begun. */
export function markStarted(seq: number): void {
  mark.writeUInt32LE(seq)
  writeSync(START_MARK, mark, 0, 4, 0)
}

/** Writes a frame, blocking until the kernel has all of it: it survives the death of this process. */
export function send(type: FrameType, seq: number, head: string, body: Uint8Array | string): void {
  const frame = encodeFrame(type, seq, head, body)
  for (let sent = 0; sent < frame.length;) sent += writeSome(frame, sent)
}

function writeSome(frame: Buffer, from: number): number {
  try {
    return writeSync(OUT, frame, from)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(PAUSE, 0, 0, 1)
    return 0
  }
}
