import { utf8 } from './bytes.ts'

/** Percent-decodes a piece of a path. An invalid escape stays as it was sent. */
export function decodePath(text: string): string {
  return text.includes('%') ? decodeEscapes(text) : text
}

/** Decodes a key or value of a query: as a path, and `+` is a space. */
export function decodeQuery(text: string): string {
  return decodePath(text.includes('+') ? text.replaceAll('+', ' ') : text)
}

function decodeEscapes(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return decodeValidEscapes(text)
  }
}

const ESCAPES = /(?:%[0-9A-Fa-f]{2})+/g

/** For `%zz` and for bytes that are not UTF-8, where `decodeURIComponent` gives up. */
function decodeValidEscapes(text: string): string {
  return text.replace(ESCAPES, (run) => {
    const bytes = new Uint8Array(run.length / 3)
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = Number.parseInt(run.slice(3 * i + 1, 3 * i + 3), 16)
    }
    return utf8(bytes)
  })
}
