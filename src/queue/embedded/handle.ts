import { randomFillSync } from 'node:crypto'

const ID_BYTES = 8
const TOKEN_BYTES = 16
const HANDLE = /^[A-Za-z0-9_-]{32}$/

/** A receipt handle: which message, and a secret of the one time that it was received. */
export interface Handle {
  readonly id: number
  readonly token: string
}

export function toHandle(id: number, token: string): string {
  const bytes = Buffer.alloc(ID_BYTES + TOKEN_BYTES)
  bytes.writeBigUInt64BE(BigInt(id))
  bytes.write(token, ID_BYTES, 'base64url')
  return bytes.toString('base64url')
}

/** Undefined for what we have never given to anybody. */
export function parseHandle(text: string): Handle | undefined {
  if (!HANDLE.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64url')
  const id = Number(bytes.readBigUInt64BE())
  return Number.isSafeInteger(id) ? { id, token: bytes.toString('base64url', ID_BYTES) } : undefined
}

/** Whether a text could be a handle at all. */
export function isHandle(text: string): boolean {
  return parseHandle(text) !== undefined
}

/** Drawn in advance: one call to the system for many. */
const pool = Buffer.alloc(256 * TOKEN_BYTES)
let used = pool.length

export function newToken(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return pool.toString('base64url', used, (used += TOKEN_BYTES))
}
