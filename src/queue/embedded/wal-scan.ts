import { closeSync, openSync, readSync } from 'node:fs'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const MAGIC_BIG = 0x377f0683

/** What a write-ahead log has in it that SQLite would not read. */
export interface WalScan {
  /** Transactions after the first frame that is not as it was written: SQLite drops them in silence. */
  readonly lostCommits: number
}

/**
 * Reads a write-ahead log as SQLite will ("WAL File Format"): up to the first frame whose checksum is
 * wrong. Behind it there may be leftovers of an earlier log, with another salt. One more transaction of
 * this log may be there half, as after a power cut: it was not acknowledged. Two cannot be: the second
 * is only written once the first is safe, so what stands before them has changed since.
 */
export function scanWal(path: string): WalScan {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { lostCommits: 0 }
    throw error
  }
  try {
    return scan(fd)
  } finally {
    closeSync(fd)
  }
}

function scan(fd: number): WalScan {
  const header = Buffer.alloc(HEADER_BYTES)
  if (readSync(fd, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return { lostCommits: 0 }
  // Nothing was ever written to it.
  if (header.every((byte) => byte === 0)) return { lostCommits: 0 }
  const isBig = header.readUInt32BE(0) === MAGIC_BIG
  const sum: Sum = [0, 0]
  add(sum, header.subarray(0, 24), isBig)
  const isSound = sum[0] === header.readUInt32BE(24) && sum[1] === header.readUInt32BE(28)
  // It is made safe before anything is written behind it.
  if (!isSound) return { lostCommits: Infinity }
  return { lostCommits: scanFrames(fd, { header, isBig, sum }) }
}

function scanFrames(
  fd: number,
  { header, isBig, sum }: { header: Buffer; isBig: boolean; sum: Sum },
): number {
  const salt = header.subarray(16, 24)
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + header.readUInt32BE(8))
  let isRead = true
  let lostCommits = 0
  for (let at = HEADER_BYTES; ; at += frame.length) {
    if (readSync(fd, frame, 0, frame.length, at) < frame.length) break
    const isOfThisLog = frame.subarray(8, 16).equals(salt)
    if (isRead) isRead = isOfThisLog && continues(sum, frame, isBig)
    if (!isRead && isOfThisLog && frame.readUInt32BE(4) > 0) lostCommits++
  }
  return lostCommits > 1 ? lostCommits : 0
}

type Sum = [number, number]

function continues(sum: Sum, frame: Buffer, isBig: boolean): boolean {
  add(sum, frame.subarray(0, 8), isBig)
  add(sum, frame.subarray(FRAME_HEADER_BYTES), isBig)
  return sum[0] === frame.readUInt32BE(16) && sum[1] === frame.readUInt32BE(20)
}

/** SQLite's running checksum over words of 32 bits. */
function add(sum: Sum, bytes: Buffer, isBig: boolean): void {
  let [a, b] = sum
  for (let i = 0; i < bytes.length; i += 8) {
    a = (a + (isBig ? bytes.readUInt32BE(i) : bytes.readUInt32LE(i)) + b) >>> 0
    b = (b + (isBig ? bytes.readUInt32BE(i + 4) : bytes.readUInt32LE(i + 4)) + a) >>> 0
  }
  sum[0] = a
  sum[1] = b
}
