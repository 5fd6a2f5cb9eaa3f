import { crc32 } from 'node:zlib'

/** The type of a body that is a row of messages, each with two checksums. */
export const EVENT_STREAM = 'application/vnd.amazon.eventstream'

/** `total length, length of headers, checksum of these`, each four bytes, before the headers. */
const PRELUDE_BYTES = 12
const CRC_BYTES = 4
/** The only type of header value that is used here. */
const STRING = 7

/**
 * One event as AWS's SDKs read it (vnd.amazon.eventstream): headers are names and strings of at most
 * 255 and 65535 bytes.
 */
export function encodeEvent(
  eventType: string,
  contentType: string,
  payload: Uint8Array | string,
): Buffer {
  const headers = Buffer.concat([
    header(':event-type', eventType),
    header(':content-type', contentType),
    header(':message-type', 'event'),
  ])
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  const message = Buffer.alloc(PRELUDE_BYTES + headers.length + body.length + CRC_BYTES)
  message.writeUInt32BE(message.length, 0)
  message.writeUInt32BE(headers.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  message.set(headers, PRELUDE_BYTES)
  message.set(body, PRELUDE_BYTES + headers.length)
  const end = message.length - CRC_BYTES
  message.writeUInt32BE(crc32(message.subarray(0, end)), end)
  return message
}

function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(3)
  length[0] = STRING
  length.writeUInt16BE(Buffer.byteLength(value), 1)
  return Buffer.concat([
    Buffer.of(Buffer.byteLength(name)),
    Buffer.from(name),
    length,
    Buffer.from(value),
  ])
}
