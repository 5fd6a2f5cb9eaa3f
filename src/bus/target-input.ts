import type { InputTransformer } from '../model/background.ts'
import { parseJsonPath } from './json-path.ts'

/** What a target of a rule gets instead of the event; at most one of them. */
export interface TargetInput {
  readonly input?: string
  readonly inputPath?: string
  readonly inputTransformer?: InputTransformer
}

/** What templates may ask for besides the event. */
export interface RuleFacts {
  readonly ruleArn: string
  readonly ruleName: string
  readonly ingestionTime: string
}

/** Makes the JSON that a target gets for an event; made once for each target. */
export type ToInput = (event: Readonly<Record<string, unknown>>, facts: RuleFacts) => string

/** Input that cannot be: a path that is none, a template that asks for what nobody defines. */
export class InputError extends Error {
  override readonly name: string = 'InputError'
}

/**
 * Reads what a target wants. Recordings of EventBridge (input transformers of strings, of JSON, nested
 * and missing values) are the source of every rule here.
 * @throws {InputError}
 */
export function compileTargetInput(target: TargetInput): ToInput {
  const { input, inputPath, inputTransformer } = target
  const given = [input, inputPath, inputTransformer].filter((each) => each !== undefined)
  if (given.length > 1) {
    throw new InputError('Only one of Input, InputPath, or InputTransformer must be provided')
  }
  if (input !== undefined) return constant(input)
  if (inputPath !== undefined) {
    const path = pathOf(inputPath)
    return (event) => JSON.stringify(path(event) ?? null)
  }
  if (inputTransformer !== undefined) return transformer(inputTransformer)
  return (event) => JSON.stringify(event)
}

function constant(input: string): ToInput {
  if (parse(input) === undefined) throw new InputError(`the input is no JSON: ${input}`)
  return () => input
}

function pathOf(text: string): (event: unknown) => unknown {
  const path = parseJsonPath(text)
  if (path === undefined) throw new InputError(`${text} is no JSON path such as $.detail.state`)
  return path
}

type Values = (name: string) => unknown

const PLACEHOLDER = /<([\w.-]+)>/y

/** Names that are defined for every template. */
const PREDEFINED: Readonly<
  Record<string, (event: Readonly<Record<string, unknown>>, facts: RuleFacts) => unknown>
> = {
  'aws.events.rule-arn': (_, { ruleArn }) => ruleArn,
  'aws.events.rule-name': (_, { ruleName }) => ruleName,
  'aws.events.event.ingestion-time': (_, { ingestionTime }) => ingestionTime,
  'aws.events.event': withoutDetail,
  'aws.events.event.json': (event) => event,
}

function withoutDetail(event: Readonly<Record<string, unknown>>): unknown {
  const { 'detail-type': detailType, ...rest } = event
  return { ...rest, detailType, detail: undefined }
}

function transformer({ inputPathsMap, inputTemplate }: InputTransformer): ToInput {
  const paths = new Map(Object.entries(inputPathsMap).map(([name, text]) => [name, pathOf(text)]))
  const isKnown = (name: string): boolean => paths.has(name) || Object.hasOwn(PREDEFINED, name)
  const parts = partsOf(inputTemplate)
  for (const part of parts) {
    if (typeof part !== 'string' && !isKnown(part.name)) {
      throw new InputError(`InputTemplate contains invalid placeholder ${part.name}.`)
    }
  }
  return (event, facts) => {
    const values: Values = (name) => paths.get(name)?.(event) ?? PREDEFINED[name]?.(event, facts)
    const text = parts
      .map((part) => (typeof part === 'string' ? part : shown(part, values)))
      .join('')
    // Several lines of text are no JSON, but a function takes nothing else.
    return parse(text) === undefined ? JSON.stringify(text) : text
  }
}

interface Placeholder {
  readonly name: string
  readonly inText: boolean
}

/** The template cut at its placeholders, each knowing whether it stands between quotes. */
function partsOf(template: string): (string | Placeholder)[] {
  const parts: (string | Placeholder)[] = []
  let inText = false
  let text = ''
  for (let at = 0; at < template.length;) {
    PLACEHOLDER.lastIndex = at
    const [whole, name] = PLACEHOLDER.exec(template) ?? []
    if (whole !== undefined && name !== undefined) {
      parts.push(text, { name, inText })
      text = ''
      at += whole.length
      continue
    }
    const escaped = inText && template.charAt(at) === '\\'
    if (template.charAt(at) === '"') inText = !inText
    text += template.slice(at, at + (escaped ? 2 : 1))
    at += escaped ? 2 : 1
  }
  return [...parts, text]
}

/** Between quotes a value is text, and objects lose their quotes there; outside it is JSON. */
function shown({ name, inText }: Placeholder, values: Values): string {
  const value = values(name)
  if (!inText) return JSON.stringify(value ?? '')
  if (typeof value === 'string') return JSON.stringify(value).slice(1, -1)
  return value === undefined || value === null ? '' : JSON.stringify(value).replaceAll('"', '')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
