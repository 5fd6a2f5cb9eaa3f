import { mediaType } from '../../events/media-types.ts'

/**
 * The bytes of a body that a parser has read already: themselves where it kept them or their text;
 * else written anew, as JSON or as a form. Written anew they mean the same and need not be the same:
 * spaces, the spelling of numbers and repeated keys are the writer's.
 * @throws {Error} for a multipart body: the files are no longer part of it.
 */
export function parsedBodyBytes(body: unknown, contentType: string | undefined): Uint8Array {
  if (body === undefined) return NOTHING
  if (body instanceof Uint8Array) return body
  const type = mediaType(contentType ?? '')
  if (typeof body === 'string') return stringBytes(body, type, contentType)
  if (type === 'application/x-www-form-urlencoded' && isContainer(body)) {
    return Buffer.from(toForm(body))
  }
  if (type.startsWith('multipart/')) {
    const message =
      'the multipart body was parsed before the handler: put its route before the parser'
    throw new Error(message)
  }
  return Buffer.from(JSON.stringify(body) ?? '')
}

const NOTHING = new Uint8Array(0)

/** A parser of JSON gives a string for a JSON string; one of texts gives what was sent. */
function stringBytes(body: string, type: string, contentType: string | undefined): Uint8Array {
  const isJson = type === 'application/json' || type.endsWith('+json')
  if (isJson && !isJsonText(body)) return Buffer.from(JSON.stringify(body))
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase()
  return Buffer.from(body, ENCODINGS[charset ?? ''] ?? 'utf8')
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const ENCODINGS: Readonly<Record<string, BufferEncoding>> = {
  'iso-8859-1': 'latin1',
  latin1: 'latin1',
  'us-ascii': 'latin1',
  'utf-16le': 'utf16le',
}

/** As browsers write forms; `a[b]=c` where the parser made objects of it. */
function toForm(body: object): string {
  const form = new URLSearchParams()
  for (const [key, value] of Object.entries(body)) addField(form, key, value)
  return form.toString()
}

function addField(form: URLSearchParams, key: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const [i, each] of value.entries()) {
      addField(form, isContainer(each) ? `${key}[${i}]` : key, each)
    }
  } else if (isContainer(value)) {
    for (const [name, each] of Object.entries(value)) addField(form, `${key}[${name}]`, each)
  } else if (value !== undefined) form.append(key, fieldText(value))
}

function fieldText(value: unknown): string {
  if (value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
