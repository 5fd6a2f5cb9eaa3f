import type { Scalar } from './tree.ts'

/** A text with variables in it, taken apart. */
export type Template = readonly (string | Variable)[]

/** `${opt:stage, 'dev'}`: places to look in, in order. */
export interface Variable {
  /** As written, `${…}` included. */
  readonly text: string
  readonly sources: readonly Source[]
}

export type Source =
  | { readonly kind: 'literal'; readonly value: Scalar }
  | { readonly kind: 'nested'; readonly variable: Variable }
  | Lookup

export interface Lookup {
  readonly kind: 'lookup'
  /** `self`, `opt`, `file`, … */
  readonly type: string
  readonly params: readonly Template[]
  readonly address: Template
}

/** A `${` that does not read as a variable; the message is the end of a sentence. */
export class VariableSyntaxError extends Error {
  override readonly name = 'VariableSyntaxError'
}

/** Deeper than anyone nests variables by hand; keeps a made-up text from exhausting the stack. */
const DEEPEST = 10

/** What may follow `${`: a source with an address or parameters. Else it is text: `${AWS::Region}`. */
const LOOKUP = /[a-zA-Z][\w.-]*(?=\(|:(?!:))/y
const QUOTED = /'[^']*'|"(?:[^"\\]|\\.)*"/y
const WORD = /[^,}]*/y
const SPACES = /\s*/y

/** Where reading has got to. */
interface Cursor {
  readonly text: string
  index: number
  depth: number
}

/**
 * Takes a text with `${…}` in Serverless's syntax apart (serverless.com, "Variables"); what only
 * looks alike (`${AWS::Region}`, `${Name}` of Fn::Sub) stays text, as does `\${…}` without its
 * backslash.
 * @throws {VariableSyntaxError} for a variable that is begun and does not read as one.
 */
export function parseTemplate(text: string): Template {
  return readTemplate({ text, index: 0, depth: 0 }, '')
}

function readTemplate(cursor: Cursor, stops: string): Template {
  const { text } = cursor
  const parts: (string | Variable)[] = []
  let literal = ''
  while (cursor.index < text.length && !stops.includes(text.charAt(cursor.index))) {
    if (text.startsWith('\\${', cursor.index)) {
      literal += '${'
      cursor.index += 3
    } else if (isAtVariable(cursor)) {
      if (literal !== '') parts.push(literal)
      literal = ''
      parts.push(readVariable(cursor))
    } else {
      literal += text.charAt(cursor.index++)
    }
  }
  return literal === '' ? parts : [...parts, literal]
}

function isAtVariable({ text, index }: Cursor): boolean {
  if (!text.startsWith('${', index)) return false
  LOOKUP.lastIndex = index + 2
  return LOOKUP.test(text)
}

function readVariable(cursor: Cursor): Variable {
  const start = cursor.index
  if (++cursor.depth > DEEPEST) throw new VariableSyntaxError('its variables are nested too deep')
  cursor.index += 2
  const sources = [readSource(cursor)]
  while (readSeparator(cursor) === ',') sources.push(readSource(cursor))
  cursor.depth--
  return { text: cursor.text.slice(start, cursor.index), sources }
}

/** Steps over `,` or `}`. */
function readSeparator(cursor: Cursor): string {
  take(cursor, SPACES)
  const char = cursor.text.charAt(cursor.index++)
  if (char === ',' || char === '}') return char
  if (char === '') throw new VariableSyntaxError('its closing "}" is missing')
  throw new VariableSyntaxError(`it has an unexpected "${char}"`)
}

function readSource(cursor: Cursor): Source {
  take(cursor, SPACES)
  if (cursor.text.startsWith('${', cursor.index)) {
    return { kind: 'nested', variable: readVariable(cursor) }
  }
  const quoted = readQuoted(cursor)
  if (quoted !== undefined) return { kind: 'literal', value: quoted }
  const type = take(cursor, LOOKUP)
  if (type === '') return { kind: 'literal', value: literalValue(take(cursor, WORD).trim()) }
  return { kind: 'lookup', type, params: readParams(cursor), address: readAddress(cursor) }
}

function readParams(cursor: Cursor): Template[] {
  const params: Template[] = []
  if (cursor.text.charAt(cursor.index) !== '(') return params
  do {
    cursor.index++
    params.push(readWord(cursor, ',)'))
  } while (cursor.text.charAt(cursor.index) === ',')
  if (cursor.text.charAt(cursor.index++) !== ')') {
    throw new VariableSyntaxError('its closing ")" is missing')
  }
  return params
}

function readAddress(cursor: Cursor): Template {
  if (cursor.text.charAt(cursor.index) !== ':') return []
  cursor.index++
  return readWord(cursor, ',}')
}

/** A quoted text, or whatever stands before a stop, without the spaces around it. */
function readWord(cursor: Cursor, stops: string): Template {
  take(cursor, SPACES)
  const quoted = readQuoted(cursor)
  if (quoted === undefined) return trimmedEnd(readTemplate(cursor, stops))
  take(cursor, SPACES)
  return [quoted]
}

function readQuoted(cursor: Cursor): string | undefined {
  const raw = take(cursor, QUOTED)
  if (raw === '') return undefined
  if (raw.startsWith("'")) return raw.slice(1, -1)
  try {
    return String(JSON.parse(raw))
  } catch {
    throw new VariableSyntaxError(`${raw} is not a text in quotes`)
  }
}

/** Steps over what the pattern matches here; empty when nothing does. */
function take(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.index
  const found = pattern.exec(cursor.text)?.[0] ?? ''
  cursor.index += found.length
  return found
}

function literalValue(word: string): Scalar {
  if (word === 'true') return true
  if (word === 'false') return false
  if (word === 'null') return null
  if (word !== '' && Number.isFinite(Number(word))) return Number(word)
  throw new VariableSyntaxError(`"${word}" is neither a source like self: nor a text in quotes`)
}

function trimmedEnd(template: Template): Template {
  const last = template.at(-1)
  if (typeof last !== 'string') return template
  const trimmed = last.trimEnd()
  return trimmed === '' ? template.slice(0, -1) : [...template.slice(0, -1), trimmed]
}
