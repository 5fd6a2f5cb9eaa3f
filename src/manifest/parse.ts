import {
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type CollectionTag,
  type Document,
  type Node as YamlNode,
  type Pair,
  type ScalarTag,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import type { Place } from '../lib/errors.ts'
import type { Report } from './report.ts'
import { scalar, unknown, type Entry, type MapNode, type Node, type Scalar } from './tree.ts'

/** Short forms of CloudFormation's functions: `!GetAtt a.b` is `{Fn::GetAtt: [a, b]}`. */
const SHORT_FORMS = `
  Ref Condition GetAtt Sub Join Select Split FindInMap ImportValue If Equals And Or Not Base64
  Cidr GetAZs Transform ToJsonString Length ForEach
`
  .trim()
  .split(/\s+/)

/** The tags are kept on the nodes and become maps in `convert`; here they only have to be known. */
const customTags: (ScalarTag | CollectionTag)[] = SHORT_FORMS.flatMap((name) => [
  { tag: `!${name}`, resolve: (text: string) => text },
  { tag: `!${name}`, collection: 'seq' as const },
  { tag: `!${name}`, collection: 'map' as const },
])

/**
 * Reads YAML or JSON, as Serverless does (YAML 1.2 with merge keys; CloudFormation's tags), keeping
 * every place. Duplicate keys are noted and the last one counts. Undefined when it cannot be read:
 * then the report says why.
 */
export function parseTree(text: string, file: string, report: Report): Node | undefined {
  try {
    return parseDocumentTree(text, file, report)
  } catch (error) {
    // The parser is recursive, and only a made-up file is thousands of levels deep.
    if (!(error instanceof RangeError)) throw error
    report.error({ file, line: 1, column: 1 }, TOO_DEEP)
    return undefined
  }
}

function parseDocumentTree(text: string, file: string, report: Report): Node | undefined {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    customTags,
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  })
  const source: Source = {
    text,
    placeAt: (offset) => {
      const { line, col } = lines.linePos(offset)
      return { file, line: Math.max(1, line), column: Math.max(1, col) }
    },
  }
  // One mistake makes the parser stumble several times; only the first of them means something.
  const [error] = document.errors
  if (error !== undefined) {
    report.error(source.placeAt(error.pos[0]), yamlSentence(error, document.errors))
    return undefined
  }
  return convertDocument(document, source, report)
}

function yamlSentence({ code, message, pos }: YAMLError, all: readonly YAMLError[]): string {
  if (code === 'RESOURCE_EXHAUSTION') return TOO_DEEP
  if (code === 'TAB_AS_INDENT') {
    return 'wrong indentation: expected spaces, got a tab, which YAML does not allow here'
  }
  if (code === 'BAD_INDENT') {
    return message.startsWith('All mapping items')
      ? 'wrong indentation: expected this line to start in the same column as the keys beside it'
      : `wrong indentation: ${lowerFirst(message)}`
  }
  if (code === 'BLOCK_AS_IMPLICIT_KEY') {
    const goesOn = all.some((e) => e.code === 'MULTILINE_IMPLICIT_KEY' && e.pos[0] === pos[0])
    return goesOn
      ? 'wrong indentation: the line after this one is indented further than its neighbours'
      : 'expected one "key: value" in this line, got a second ": "; put the text in quotes'
  }
  return `not valid YAML: ${lowerFirst(message)}`
}

const TOO_DEEP = 'expected a manifest, got one nested too deep to read'

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}

/** The text that is read, and the place of any offset in it. */
interface Source {
  readonly text: string
  readonly placeAt: (offset: number) => Place
}

function convertDocument(document: Document.Parsed, source: Source, report: Report): Node {
  // By node, so that an alias shares the tree of its anchor and many of them cost nothing.
  const done = new Map<unknown, Node>()

  const placeOf = (node: YamlNode | null | undefined): Place =>
    source.placeAt(startOf(node, source))

  const convert = (yaml: YamlNode | null | undefined, at: Place): Node => {
    if (yaml === null || yaml === undefined) return scalar(null, at)
    const known = done.get(yaml)
    if (known !== undefined) return known
    done.set(yaml, unknown('*', 'it refers to itself', at))
    const node = withTag(yaml, convertPlain(yaml, placeOf(yaml)))
    done.set(yaml, node)
    return node
  }

  const convertPlain = (yaml: YamlNode, place: Place): Node => {
    if (isAlias(yaml)) return convert(yaml.resolve(document), place)
    if (isMap(yaml)) return { kind: 'map', entries: convertEntries(yaml), place }
    if (isSeq(yaml)) {
      const items = yaml.items.map((item) => convert(item as YamlNode | null, place))
      return { kind: 'list', items, place }
    }
    return scalar(scalarValue(isScalar(yaml) ? yaml.value : null), place)
  }

  const convertEntries = (map: YAMLMap): ReadonlyMap<string, Entry> => {
    const own = new Map<string, Entry>()
    const merged = new Map<string, Entry>()
    for (const pair of map.items as Pair<YamlNode, YamlNode | null>[]) {
      const place = placeOf(pair.key)
      const key = isScalar(pair.key) ? String(pair.key.value) : ''
      const value = convert(pair.value, place)
      if (key === '<<') {
        for (const [name, entry] of mergedEntries(value)) merged.set(name, entry)
        continue
      }
      const first = own.get(key)
      if (first !== undefined) {
        report.note(
          place,
          `"${key}" is written twice (first in line ${first.place.line}); the last one counts`,
        )
      }
      own.set(key, { place, value })
    }
    return new Map([...merged, ...own])
  }

  return convert(document.contents, source.placeAt(0))
}

/** Where a node begins, its tag included. */
function startOf(node: YamlNode | null | undefined, { text }: Source): number {
  const start = node?.range?.[0] ?? 0
  const { tag = '' } = (node ?? {}) as { tag?: string }
  const before = text.slice(0, start).trimEnd()
  return tag.startsWith('!') && before.endsWith(tag) ? before.length - tag.length : start
}

/** What `<<` brings in; of several maps an earlier one wins, as YAML's merge key says. */
function mergedEntries(node: Node): [string, Entry][] {
  if (node.kind === 'map') return [...node.entries]
  if (node.kind === 'list') return node.items.toReversed().flatMap(mergedEntries)
  return []
}

function scalarValue(value: unknown): Scalar {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value
  }
  return null
}

/** `!Sub x` as `{Fn::Sub: x}`. */
function withTag(yaml: YamlNode, node: Node): Node {
  const name = (yaml as { tag?: string }).tag?.slice(1)
  if (name === undefined || !SHORT_FORMS.includes(name)) return node
  const key = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`
  const value = name === 'GetAtt' ? splitAttribute(node) : node
  return { kind: 'map', entries: new Map([[key, { place: node.place, value }]]), place: node.place }
}

/** `Table.Arn` as `[Table, Arn]`: at the first dot only, attributes have dots of their own. */
function splitAttribute(node: Node): Node {
  if (node.kind !== 'scalar') return node
  const [name = '', ...attribute] = String(node.value).split('.')
  const items = [scalar(name, node.place), scalar(attribute.join('.'), node.place)]
  return { kind: 'list', items, place: node.place }
}

/** A map with one more key, where it has no such key or an empty one. */
export function withDefault(map: MapNode, key: string, value: Scalar): MapNode {
  const present = map.entries.get(key)?.value
  if (present !== undefined && !(present.kind === 'scalar' && present.value === null)) return map
  const entry = { place: map.place, value: scalar(value, map.place) }
  return { ...map, entries: new Map([...map.entries, [key, entry]]) }
}
