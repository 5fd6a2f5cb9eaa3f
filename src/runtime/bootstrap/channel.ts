import { readSync, writeSync } from 'node:fs'
import process from 'node:process'
import { armed, failAt } from '../failpoints.ts'
import { encodeFrame, FRAME, type FrameType } from '../frames.ts'
import { exitNow, UNABLE_TO_ANSWER } from './own.ts'
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
const concat = Buffer.concat.bind(Buffer)
const later = process.nextTick.bind(process)

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
  flush()
  const frame = encodeFrame(type, seq, head, body)
  if (armed && type === FRAME.result) failAt('result_half', process.pid, () => sendHalf(frame))
  writeAll(frame)
}

function writeAll(frame: Buffer): void {
  for (let sent = 0; sent < frame.length;) sent += writeSome(frame, sent)
}

/** So many answers go out at once, however many more come. */
const SOON_MAX = 16
/** What is larger gains nothing by company. */
const SOON_BYTES_MAX = 16 * 1024

const soon: Buffer[] = []

/**
 * Writes a frame once the code that runs now has come to its end: where many run at a time, what is
 * answered in one turn of the loop leaves in one write. Before another handler is called, before any
 * other frame and before the process exits it is written too.
 */
export function sendSoon(
  type: FrameType,
  seq: number,
  head: string,
  body: Uint8Array | string,
): void {
  if (armed || body.length > SOON_BYTES_MAX) return send(type, seq, head, body)
  const count = soon.push(encodeFrame(type, seq, head, body))
  if (count === 1) later(flushOrExit)
  else if (count === SOON_MAX) flush()
}

/** Writes what was to be written soon. */
export function flush(): void {
  if (soon.length === 0) return
  const frames = soon.splice(0)
  writeAll(frames.length === 1 && frames[0] !== undefined ? frames[0] : concat(frames))
}

function flushOrExit(): void {
  try {
    flush()
  } catch {
    exitNow(UNABLE_TO_ANSWER)
  }
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
