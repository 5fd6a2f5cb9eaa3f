import { writeSync } from 'node:fs'
import { encodeFrame, type FrameType } from '../frames.ts'

/** fd 4: marks, results and logs on their way to the server. */
const OUT = 4

const PAUSE = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes a frame, blocking until the kernel has all of it. What is in the pipe survives the death of
 * this process, so a start mark written before the handler is called is proof that it may have run.
 */
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
