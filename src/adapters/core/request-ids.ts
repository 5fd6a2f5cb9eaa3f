import { randomFillSync } from 'node:crypto'

/** What a request is called: a UUID, and an X-Ray trace that begins with it. */
export interface RequestIds {
  readonly requestId: string
  readonly traceId: string
}

const UUID_BYTES = 16
const POOL_UUIDS = 256

const pool = new Uint8Array(UUID_BYTES * POOL_UUIDS)
let at = pool.length

/** Both as one text, so that each is a piece of it: `Root=1-` seconds `-` digits, then the UUID. */
const TRACE_CHARS = 40
const text = Buffer.from(`Root=1-00000000-${'0'.repeat(24)}00000000-0000-4000-8000-000000000000`)
const HEX = Buffer.from('0123456789abcdef')

/** Where a UUID has the two digits of each byte, and where the trace has them, which leaves four out. */
const UUID_AT = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]
const TRACE_AT = [16, 18, 20, 22, 24, 26, -1, -1, -1, -1, 28, 30, 32, 34, 36, 38]

let second = 0

/**
 * A UUID (version 4) and the trace that `traceIdOf` makes of it, digit by digit: put together of
 * pieces of text they cost a thirtieth of a request.
 */
export function newRequestIds(timeEpochMs: number): RequestIds {
  if (at === pool.length) {
    randomFillSync(pool)
    at = 0
  }
  const nowSecond = Math.floor(timeEpochMs / 1000)
  if (nowSecond !== second) {
    second = nowSecond
    text.write(nowSecond.toString(16), 7, 'latin1')
  }
  for (let i = 0; i < UUID_BYTES; i++) writeByte(i, pool[at++] ?? 0)
  return {
    traceId: text.toString('latin1', 0, TRACE_CHARS),
    requestId: text.toString('latin1', TRACE_CHARS),
  }
}

function writeByte(i: number, random: number): void {
  // Version and variant (RFC 9562).
  const byte = i === 6 ? (random & 0x0f) | 0x40 : i === 8 ? (random & 0x3f) | 0x80 : random
  const high = HEX[byte >> 4] ?? 0
  const low = HEX[byte & 15] ?? 0
  const inUuid = TRACE_CHARS + (UUID_AT[i] ?? 0)
  text[inUuid] = high
  text[inUuid + 1] = low
  const inTrace = TRACE_AT[i] ?? -1
  if (inTrace === -1) return
  text[inTrace] = high
  text[inTrace + 1] = low
}
