import { didYouMean } from '../lib/suggest.ts'
import type { FunctionDefinition } from '../model/app.ts'
import type { LimitScope } from '../model/in-force.ts'
import { RANK_OF_OWN_WORD, type Assignment } from './assignments.ts'
import { ACCOUNT, FUNCTION, GROUP, reportUnknown, TAG, type Words } from './limit-words.ts'
import { child, exactText, items, oneOf, settings, type Reading, type Setting } from './read.ts'
import { isPresent, type Node } from './tree.ts'

/** A `spillway.yml`, or the section of that name in a manifest: its words are in docs/reference/spillway-yml.md. */
export interface Section extends Reading {
  readonly node: Node
  /** The functions it can speak of: those of its manifest, or all where it was named by `--config`. */
  readonly functions: readonly FunctionDefinition[]
  readonly rank: number
}

const TOP = [
  'mode',
  'account',
  'groups',
  'tags',
  'functions',
  'trustedProxies',
  'credentials',
  'environments',
  'redis',
  'rateLimit',
  'queues',
]

const MODES = ['spillway', 'aws'] as const

/** What a section says about limits. */
export function readSection(section: Section): Assignment[] {
  const { node } = section
  // A file of comments only says nothing, and that is fine.
  if (!isPresent(node)) return []
  for (const setting of settings(section, node, 'the limits')) {
    if (!TOP.includes(setting.key)) reportUnknown(section, setting, { known: TOP, later: [] })
  }
  const each = (key: string): Setting[] => settings(section, child(section, node, key), key)
  const account = child(section, node, 'account')
  return [
    ...readMode(section),
    ...readFields(section, account, { scope: 'account', name: '', words: ACCOUNT }),
    ...each('groups').flatMap((setting) => readSet(section, setting, GROUP_SET)),
    ...each('tags').flatMap((setting) => readSet(section, setting, TAG_SET)),
    ...each('functions').flatMap((setting) => readFunction(section, setting)),
  ]
}

function readMode(section: Section): Assignment[] {
  const node = child(section, section.node, 'mode')
  const value = oneOf(section, node, 'mode', MODES)
  if (node === undefined || value === undefined) return []
  const { rank } = section
  return [{ scope: 'account', name: '', field: 'mode', value, rank, place: node.place }]
}

interface Target {
  readonly scope: LimitScope
  readonly name: string
  readonly words: Words
  /** A word that its owner reads by itself. */
  readonly except?: string
}

function readFields(section: Section, node: Node | undefined, target: Target): Assignment[] {
  const { scope, name, words, except } = target
  const what = `${scope} ${name}`.trim()
  return settings(section, isPresent(node) ? node : undefined, what).flatMap((setting) => {
    const { key, value } = setting
    if (key === except || !isPresent(value)) return []
    const read = Object.hasOwn(words.known, key) ? words.known[key] : undefined
    if (read === undefined) {
      const known = [...Object.keys(words.known), ...(except === undefined ? [] : [except])]
      reportUnknown(section, setting, { known, later: words.later })
      return []
    }
    const rank = section.rank + (key === 'group' ? RANK_OF_OWN_WORD : 0)
    return read(section, setting).map((written) => ({ scope, name, rank, ...written }))
  })
}

/** A set of functions with limits of its own, and how a function comes to be in it. */
interface FunctionSet {
  readonly scope: 'group' | 'tag'
  readonly words: Words
  /** The field of the function; it is in one group and may have many tags. */
  readonly fieldOf: (name: string) => string
}

const GROUP_SET: FunctionSet = { scope: 'group', words: GROUP, fieldOf: () => 'group' }
const TAG_SET: FunctionSet = { scope: 'tag', words: TAG, fieldOf: (tag) => `tags.${tag}` }

function readSet(
  section: Section,
  { key, place, value: node }: Setting,
  set: FunctionSet,
): Assignment[] {
  const { scope, words, fieldOf } = set
  const what = `functions of ${scope} ${key}`
  const target = { scope, name: key, words, except: 'functions' }
  const members = items(section, child(section, node, 'functions'), what)
  const own = readFields(section, node, target)
  if (scope === 'tag' && own.length === 0 && members.length === 0) {
    section.report.error(place, `expected tag ${key} to have a maxConcurrency, got: nothing`)
  }
  return [
    ...own,
    ...members.flatMap((member) =>
      readMembers(section, member, what).map((name) => ({
        scope: 'function' as const,
        name,
        field: fieldOf(key),
        value: key,
        rank: section.rank,
        place: member.place,
      })),
    ),
  ]
}

/** The functions that `extract*` means, by deployed name. */
function readMembers(section: Section, node: Node, what: string): string[] {
  const pattern = exactText(section, node, what)
  if (pattern === undefined) return []
  const matching = section.functions.filter((each) => matches(pattern, each))
  if (matching.length === 0) reportNoFunction(section, pattern, node.place)
  return matching.map(({ name }) => name)
}

function readFunction(section: Section, { key, place, value }: Setting): Assignment[] {
  const named = section.functions.filter((each) => each.key === key || each.name === key)
  if (named.length === 0) reportNoFunction(section, key, place)
  return named.flatMap(({ name }) =>
    readFields(section, value, { scope: 'function', name, words: FUNCTION }),
  )
}

/** By manifest key or deployed name; `*` stands for any text. */
function matches(pattern: string, { key, name: deployed }: FunctionDefinition): boolean {
  const parts = pattern
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  const expression = new RegExp(`^${parts.join('.*')}$`)
  return expression.test(key) || expression.test(deployed)
}

function reportNoFunction(section: Section, word: string, place: Setting['place']): void {
  const keys = section.functions.flatMap((each) => [each.key, each.name])
  section.report.error(place, `no function is named "${word}"${didYouMean(word, keys)}`)
}
