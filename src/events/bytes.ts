/**
 * Bytes and text. Node's `Buffer` is used where there is one, because it is several times faster
 * than what browsers have; nothing here needs it.
 */
interface NodeBuffer {
  from(text: string, encoding: 'base64'): Uint8Array
  from(memory: ArrayBufferLike, offset: number, length: number): { toString(as: 'base64'): string }
  byteLength(text: string): number
}

const buffer = (globalThis as { Buffer?: NodeBuffer }).Buffer

/** Keeps a byte order mark: it is part of the body. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

/** UTF-8 to text; lossless where the bytes are UTF-8, U+FFFD where they are not. */
export function utf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** How many bytes the text has as UTF-8. */
export function byteLength(text: string): number {
  return buffer === undefined ? encoder.encode(text).length : buffer.byteLength(text)
}

/** Bytes to standard base64, padded. */
export function toBase64(bytes: Uint8Array): string {
  if (buffer !== undefined) {
    return buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  }
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Standard base64 to bytes; undefined when it is not base64. It may do without its padding. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1 || !BASE64.test(text)) return undefined
  if (text.length % 4 !== 0 && text.endsWith('=')) return undefined
  if (buffer !== undefined) return buffer.from(text, 'base64')
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
