import { readSync, writeSync } from 'node:fs'
import { armed, failAt } from '../failpoints.ts'
import { encodeFrame, FRAME, type FrameType } from '../frames.ts'
import { MARK_OFFSET, REVOKED_OFFSET, START_MARK_FD } from '../start-mark.ts'

/** Results and logs on their way to the server. */
const OUT = 4

/** Longer log text goes out in pieces: a frame has its limit. */
const LOG_CHARS_MAX = 256 * 1024

const PAUSE = new Int32Array(new SharedArrayBuffer(4))
/** Little-endian, as every machine that Node runs on. Its elements cannot be patched, as methods can. */
const word = new Uint32Array(1)
/** As they were before the function's code could change them. */
const [write, read] = [writeSync, readSync]

/**
 * Says, blocking, that the handler is about to be called: after this it counts as begun. False when
 * the server has taken the invocation back; then it must not be called.
 */
export function markStarted(seq: number): boolean {
  word[0] = seq
  write(START_MARK_FD, word, 0, 4, MARK_OFFSET)
  read(START_MARK_FD, word, 0, 4, REVOKED_OFFSET)
  return (word[0] ?? 0) < seq
}

/**
 * Writes a frame, blocking until the kernel has all of it: it survives the death of this process.
 * The server reads whatever comes, however slow the client of a stream is, so it does not block long.
 */
export function send(type: FrameType, seq: number, head: string, body: Uint8Array | string): void {
  const frame = encodeFrame(type, seq, head, body)
  if (armed && type === FRAME.result) failAt('result_half', process.pid, () => sendHalf(frame))
  for (let sent = 0; sent < frame.length;) sent += writeSome(frame, sent)
}

/** Log text of an invocation, or of none: 0. */
export function sendLog(seq: number, text: string): void {
  for (let at = 0; at < text.length; at += LOG_CHARS_MAX) {
    send(FRAME.log, seq, '', text.slice(at, at + LOG_CHARS_MAX))
  }
}

/** What is left when a process ends while it answers. */
function sendHalf(frame: Buffer): void {
  write(OUT, frame, 0, Math.floor(frame.length / 2))
}

function writeSome(frame: Buffer, from: number): number {
  try {
    return write(OUT, frame, from)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(PAUSE, 0, 0, 1)
    return 0
  }
}
