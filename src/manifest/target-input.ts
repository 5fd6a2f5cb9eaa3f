import type { InputTransformer } from '../model/background.ts'
import { plain } from './plain.ts'
import { child, exactText, settings, type Reading } from './read.ts'
import type { Node } from './tree.ts'

/** What a schedule or a rule gives its function instead of the event. */
export interface TargetInput {
  readonly input?: string
  readonly inputPath?: string
  readonly inputTransformer?: InputTransformer
}

/** As Serverless spells it, and as CloudFormation does. */
const SERVERLESS = {
  input: 'input',
  path: 'inputPath',
  transformer: 'inputTransformer',
  map: 'inputPathsMap',
  template: 'inputTemplate',
}
const CLOUDFORMATION = {
  input: 'Input',
  path: 'InputPath',
  transformer: 'InputTransformer',
  map: 'InputPathsMap',
  template: 'InputTemplate',
}

/** Reads the input of an event or of a rule's target. */
export function readTargetInput(
  reading: Reading,
  node: Node | undefined,
  spelling: 'serverless' | 'cloudformation',
): TargetInput {
  const words = spelling === 'serverless' ? SERVERLESS : CLOUDFORMATION
  const input = readInput(reading, child(reading, node, words.input))
  const path = exactText(reading, child(reading, node, words.path), words.path)
  const transformer = child(reading, node, words.transformer)
  const paths = settings(reading, child(reading, transformer, words.map), words.map)
  const template = exactText(reading, child(reading, transformer, words.template), words.template)
  return {
    ...(input === undefined ? {} : { input }),
    ...(path === undefined ? {} : { inputPath: path }),
    ...(transformer === undefined
      ? {}
      : {
          inputTransformer: {
            inputPathsMap: Object.fromEntries(
              paths.map(({ key, value }) => [key, exactText(reading, value, key) ?? '$']),
            ),
            inputTemplate: template ?? '',
          },
        }),
  }
}

/** A text is JSON already. `{body: text}` is what its text says, as Serverless has it. */
function readInput(reading: Reading, node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'scalar')
    return typeof node.value === 'string' ? node.value : String(node.value)
  const value = plain(reading, node, 'the input')
  const body = child(reading, node, 'body')
  const isBodyOnly = node.kind === 'map' && node.entries.size === 1 && body?.kind === 'scalar'
  if (!isBodyOnly || typeof body.value !== 'string') return JSON.stringify(value)
  try {
    return JSON.stringify({ body: JSON.parse(body.value) })
  } catch {
    return JSON.stringify(value)
  }
}
