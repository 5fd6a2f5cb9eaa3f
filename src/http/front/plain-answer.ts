import { BOUNDS } from '../../lib/strict-server.ts'
import type { Answer } from '../turn.ts'

const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** Below this, a body in one write with its head is cheaper than a second piece. */
const ONE_WRITE_BYTES_MAX = 16 * 1024

const KEPT = `Connection: keep-alive\r\nKeep-Alive: timeout=${BOUNDS.keepAliveMs / 1000}\r\n\r\n`
const CLOSED = 'Connection: close\r\n\r\n'

/** What of an answer goes out in one piece, `latin1`: one character, one byte. */
export interface PlainAnswer {
  readonly text: string
  /** The body where it does not stand in the text. */
  readonly body?: Uint8Array
}

/**
 * An answer as node:http would write it, if it is of the plainest kind: a body of the length that its
 * one Content-Length says, and nothing in its headers that says how a connection is used. Undefined
 * for every other one, which node:http shall write, or refuse.
 */
export function plainAnswer(
  { status, rawHeaders, body }: Answer,
  isLast: boolean,
  wallMs: number,
): PlainAnswer | undefined {
  const phrase = STATUS_CODES[status]
  if (phrase === undefined || status < 200 || status === 204 || status === 304) return undefined
  if (typeof body === 'string' && !ASCII.test(body)) return undefined
  const lines = headerLines(rawHeaders, String(body.length))
  if (lines === undefined) return undefined
  const use = isLast ? CLOSED : KEPT
  const text = `HTTP/1.1 ${status} ${phrase}\r\n${lines}Date: ${dateOf(wallMs)}\r\n${use}`
  if (typeof body === 'string') return { text: text + body }
  if (body.length > ONE_WRITE_BYTES_MAX) return { text, body }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return { text: text + bytes.toString('latin1') }
}

function headerLines(rawHeaders: readonly string[], length: string): string | undefined {
  let lines = ''
  let lengths = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    const kind = KINDS.get(name) ?? kindOf(name)
    if (kind === 'other' || UNSENDABLE.test(value)) return undefined
    if (kind === 'length' && (++lengths > 1 || value !== length)) return undefined
    lines += `${name}: ${value}\r\n`
  }
  return lengths === 1 ? lines : undefined
}

const ASCII = /^[\0-\x7f]*$/
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** They say how the connection is used, or node:http treats them in its own way. */
const OTHER: ReadonlySet<string> = new Set([
  'connection',
  'content-disposition',
  'date',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

type Kind = 'plain' | 'length' | 'other'

const KINDS = new Map<string, Kind>()
/** Functions choose the names, so what is remembered of them is bounded. */
const KINDS_MAX = 512

function kindOf(name: string): Kind {
  const lower = name.toLowerCase()
  const isOther = OTHER.has(lower) || !TOKEN.test(name)
  const kind = isOther ? 'other' : lower === 'content-length' ? 'length' : 'plain'
  if (KINDS.size >= KINDS_MAX) KINDS.clear()
  if (name.length <= 64) KINDS.set(name, kind)
  return kind
}

let dateSecond = NaN
let date = ''

/** The same for all answers of a second. */
function dateOf(wallMs: number): string {
  const second = Math.floor(wallMs / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    date = new Date(wallMs).toUTCString()
  }
  return date
}
