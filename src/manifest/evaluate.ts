import type { Place } from '../lib/errors.ts'
import type { Report } from './report.ts'
import type { Ask, LookUp, Resolver } from './resolve.ts'
import { isPresent, movedTo, scalar, unknown, type Node, type UnknownNode } from './tree.ts'
import {
  VariableSyntaxError,
  parseTemplate,
  type Lookup,
  type Source,
  type Template,
  type Variable,
} from './variable-syntax.ts'

/** What working a variable out may ask for. */
export interface Evaluation extends Resolver {
  readonly lookUp: LookUp
  readonly report: Report
}

/** Texts that double in every step would fill the memory. AWS takes 4 KB of environment. */
const LONGEST_TEXT = 1_000_000

/**
 * A text with its variables worked out. A variable that is the whole text keeps the type of its
 * value; its place is where the variable stands.
 */
export function evaluateText(text: string, place: Place, evaluation: Evaluation): Node {
  try {
    return evaluateTemplate(parseTemplate(text), place, evaluation)
  } catch (error) {
    if (!(error instanceof VariableSyntaxError)) throw error
    return unknown(text, error.message, place)
  }
}

function evaluateTemplate(template: Template, place: Place, evaluation: Evaluation): Node {
  const [first] = template
  if (template.length === 1 && typeof first === 'object') {
    return evaluateVariable(first, place, evaluation)
  }
  let text = ''
  let missing: UnknownNode | undefined
  for (const part of template) {
    const value = typeof part === 'string' ? part : inText(part, place, evaluation)
    if (typeof value !== 'string') missing ??= value
    text += typeof value === 'string' ? value : value.text
    if (text.length > LONGEST_TEXT) return unknown('…', 'its text is too long', place)
  }
  return missing === undefined ? scalar(text, place) : { ...missing, text, place }
}

function inText(variable: Variable, place: Place, evaluation: Evaluation): string | UnknownNode {
  const value = evaluateVariable(variable, place, evaluation)
  if (value.kind === 'unknown') return value
  if (value.kind === 'scalar' && value.value !== null) return String(value.value)
  const what = value.kind === 'scalar' ? 'nothing' : `a ${value.kind}`
  return unknown(variable.text, `${what} cannot stand inside a text`, place)
}

/** The first source that has a value; the reason of the first one where none has. */
function evaluateVariable(variable: Variable, place: Place, evaluation: Evaluation): Node {
  let failure: UnknownNode | undefined
  for (const source of variable.sources) {
    const isLast = source === variable.sources.at(-1)
    const value = evaluateSource(source, { place, isLast }, evaluation)
    if (value.kind === 'unknown') {
      failure ??= value
    } else if (isPresent(value) || source.kind === 'literal') {
      if (failure?.knownOnDeploy === true) {
        const message = `${variable.text}: ${failure.why}; its fallback is used`
        evaluation.report.note(place, message)
      }
      return movedTo(value, place)
    }
  }
  return { ...(failure ?? unknown('', 'it is empty', place)), text: variable.text, place }
}

type Position = Pick<Ask, 'place' | 'isLast'>

function evaluateSource(source: Source, position: Position, evaluation: Evaluation): Node {
  if (source.kind === 'literal') return scalar(source.value, position.place)
  if (source.kind === 'nested') return evaluateVariable(source.variable, position.place, evaluation)
  return evaluateLookup(source, position, evaluation)
}

function evaluateLookup(lookup: Lookup, position: Position, evaluation: Evaluation): Node {
  const words: string[] = []
  for (const word of [lookup.address, ...lookup.params]) {
    const value = evaluateTemplate(word, position.place, evaluation)
    if (value.kind === 'unknown') return value
    words.push(value.kind === 'scalar' ? String(value.value ?? '') : '')
  }
  const [address = '', ...params] = words
  return evaluation.lookUp({ type: lookup.type, address, params, ...position }, evaluation)
}
