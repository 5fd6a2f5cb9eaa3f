import { isHost } from '../../lib/request-fault.ts'

/** The head of a request of the plainest kind, and how long its body is. */
export interface Head {
  readonly method: string
  readonly target: string
  /** `[name, value, …]`, as `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: string[]
  /** Of the head, its empty line included. */
  readonly bytes: number
  readonly bodyBytes: number
  /** The client wants no other answer on this connection. */
  readonly isLast: boolean
}

/** Not all of it is there. */
export const PARTIAL = 'partial'
/** Not of the plainest kind, and so not ours to read. */
export const OTHER = 'other'

/** Half of what Node takes, so that it never depends on how something is counted. */
const HEAD_BYTES_MAX = 8 * 1024
/** Larger ones are not worth holding whole. */
export const BODY_BYTES_MAX: number = 64 * 1024
const HEADERS_MAX = 100

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])
const VERSION = ' HTTP/1.1\r\n'
const END = Buffer.from('\r\n\r\n')

const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const COLON = 58

const TOKEN = tableOf("!#$%&'*+-.^_`|~", /[A-Za-z\d]/)
/** Of `origin-form` what RFC 3986 allows, and nothing that Node and others differ on. */
const TARGET = tableOf("-._~%!$&'()*+,;=:@/?[]", /[A-Za-z\d]/)
const VALUE = tableOf('\t', /[\x20-\x7e\x80-\xff]/)

/**
 * Reads the head of a request, if it is of the plainest kind: what every HTTP program reads alike.
 * This is a list of what is let in, not of what is kept out: whatever is not on it is `OTHER`, and
 * node:http has the word on it.
 */
export function readHead(bytes: Buffer, from: number): Head | typeof PARTIAL | typeof OTHER {
  const end = bytes.indexOf(END, from)
  if ((end === -1 ? bytes.length : end) - from > HEAD_BYTES_MAX) return OTHER
  if (end === -1) return PARTIAL
  // With the end of its last line, without the empty one.
  return readText(bytes.toString('latin1', from, end + 2))
}

function readText(text: string): Head | typeof OTHER {
  const methodEnd = text.indexOf(' ')
  const method = text.slice(0, methodEnd)
  if (!METHODS.has(method) || text[methodEnd + 1] !== '/') return OTHER
  const targetEnd = skip(text, methodEnd + 1, TARGET)
  if (!text.startsWith(VERSION, targetEnd)) return OTHER
  const headers = new Headers()
  if (!headers.read(text, targetEnd + VERSION.length) || headers.hosts !== 1) return OTHER
  return {
    method,
    target: text.slice(methodEnd + 1, targetEnd),
    rawHeaders: headers.raw,
    bytes: text.length + 2,
    bodyBytes: headers.bodyBytes,
    isLast: headers.isLast,
  }
}

/** What is gathered line by line. */
class Headers {
  readonly raw: string[] = []
  hosts = 0
  lengths = 0
  bodyBytes = 0
  isLast = false

  /** False where it is not of the plainest kind. */
  read(text: string, from: number): boolean {
    let at = from
    while (at < text.length) {
      const nameEnd = skip(text, at, TOKEN)
      if (nameEnd === at || text.charCodeAt(nameEnd) !== COLON) return false
      let valueAt = nameEnd + 1
      while (isSpace(text.charCodeAt(valueAt))) valueAt++
      const lineEnd = skip(text, valueAt, VALUE)
      if (text.charCodeAt(lineEnd) !== CR || text.charCodeAt(lineEnd + 1) !== LF) return false
      let valueEnd = lineEnd
      while (valueEnd > valueAt && isSpace(text.charCodeAt(valueEnd - 1))) valueEnd--
      if (!this.#add(text.slice(at, nameEnd), text.slice(valueAt, valueEnd))) return false
      at = lineEnd + 2
    }
    return this.raw.length <= 2 * HEADERS_MAX
  }

  #add(name: string, value: string): boolean {
    this.raw.push(name, value)
    switch (name.length) {
      case 4:
        return name.toLowerCase() !== 'host' || (++this.hosts === 1 && isHost(value))
      case 6:
        return name.toLowerCase() !== 'expect'
      case 7:
        return name.toLowerCase() !== 'upgrade'
      case 10:
        return name.toLowerCase() !== 'connection' || this.#connection(value)
      case 14:
        return name.toLowerCase() !== 'content-length' || this.#length(value)
      case 16:
        // Node reads it as `Connection`.
        return name.toLowerCase() !== 'proxy-connection'
      case 17:
        return name.toLowerCase() !== 'transfer-encoding'
      default:
        return true
    }
  }

  #connection(value: string): boolean {
    const option = value.toLowerCase()
    if (option === 'close') this.isLast = true
    return option === 'close' || option === 'keep-alive'
  }

  #length(value: string): boolean {
    if (!/^(?:0|[1-9]\d{0,5})$/.test(value)) return false
    this.bodyBytes = Number(value)
    return ++this.lengths === 1 && this.bodyBytes <= BODY_BYTES_MAX
  }
}

/** Where the first character stands that is not one of these. */
function skip(text: string, from: number, table: Uint8Array): number {
  let at = from
  while (table[text.charCodeAt(at)] === 1) at++
  return at
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB
}

function tableOf(characters: string, more: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => {
    const character = String.fromCharCode(code)
    return characters.includes(character) || more.test(character) ? 1 : 0
  })
}
