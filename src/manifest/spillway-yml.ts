import { isIP } from 'node:net'
import { parseDurationMs } from '../lib/duration.ts'
import { didYouMean } from '../lib/suggest.ts'
import type { FunctionDefinition } from '../model/app.ts'
import { PRIORITIES } from '../model/limits.ts'
import { RANK_OF_OWN_WORD, type Assignment } from './assignments.ts'
import {
  child,
  exactText,
  expected,
  items,
  oneOf,
  settings,
  wholeNumber,
  type Reading,
  type Setting,
} from './read.ts'
import { isPresent, type Node } from './tree.ts'

/** A `spillway.yml`, or the section of that name in a manifest: its words are in docs/reference/spillway-yml.md. */
export interface Section extends Reading {
  readonly node: Node
  /** The functions it can speak of: those of its manifest, or all where it was named by `--config`. */
  readonly functions: readonly FunctionDefinition[]
  readonly rank: number
}

/** How the value of each word is read: as a count, a wait, …; undefined when it was wrong. */
type Field = (section: Section, setting: Setting) => number | string | undefined

const count: Field = (section, { key, value }) => wholeNumber(section, value, key, { min: 0 })
const priority: Field = (section, { key, value }) => oneOf(section, value, key, PRIORITIES)
const name: Field = (section, { key, value }) => exactText(section, value, key)

const duration: Field = (section, { key, value }) => {
  const ms = value.kind === 'scalar' ? parseDurationMs(value.value) : undefined
  return ms ?? expected(section, value, `${key} to be a duration such as 250ms, 2s or 15m`)
}

interface Words {
  /** The words that mean something, with the field of `LimitsConfig` that each one sets. */
  readonly fields: Readonly<Record<string, { readonly field: string; readonly read: Field }>>
  /** Words that are known, and not enforced yet. */
  readonly later: readonly string[]
}

const SHARED = {
  maxConcurrency: { field: 'maxConcurrency', read: count },
  guaranteedConcurrency: { field: 'guaranteedConcurrency', read: count },
  priority: { field: 'priority', read: priority },
  maxWait: { field: 'maxWaitMs', read: duration },
}

const ACCOUNT: Words = {
  fields: { maxConcurrency: SHARED.maxConcurrency },
  later: ['headroom'],
}

const GROUP: Words = {
  fields: SHARED,
  later: ['weight', 'lend', 'headroom', 'tags', 'onPartition', 'perTenant', 'rate'],
}

const FUNCTION: Words = {
  fields: {
    ...SHARED,
    group: { field: 'group', read: name },
    reservedConcurrency: { field: 'reservedConcurrency', read: count },
    // Longer than Lambda's 900 s on purpose: these are one's own machines.
    timeout: { field: 'timeoutMs', read: duration },
  },
  later: [
    'provisionedConcurrency',
    'environmentConcurrency',
    'perTenant',
    'weight',
    'lend',
    'tags',
    'onPartition',
    'rate',
  ],
}

const TOP = ['account', 'groups', 'functions', 'trustedProxies']
const TOP_LATER = ['tags', 'mode', 'queues', 'credentials', 'redis', 'rateLimit', 'environments']

/** What a section says about limits. */
export function readSection(section: Section): Assignment[] {
  const { node } = section
  // A file of comments only says nothing, and that is fine.
  if (!isPresent(node)) return []
  for (const setting of settings(section, node, 'the limits')) {
    if (!TOP.includes(setting.key)) reportWord(section, setting, { known: TOP, later: TOP_LATER })
  }
  return [
    ...readFields(section, child(section, node, 'account'), {
      ...at('account', ''),
      words: ACCOUNT,
    }),
    ...settings(section, child(section, node, 'groups'), 'groups').flatMap((setting) =>
      readGroup(section, setting),
    ),
    ...settings(section, child(section, node, 'functions'), 'functions').flatMap((setting) =>
      readFunction(section, setting),
    ),
  ]
}

interface Target {
  readonly scope: Assignment['scope']
  readonly name: string
  readonly words: Words
  /** A word that its owner reads by itself. */
  readonly except?: string
}

function at(scope: Assignment['scope'], targetName: string): Pick<Target, 'scope' | 'name'> {
  return { scope, name: targetName }
}

function readFields(section: Section, node: Node | undefined, target: Target): Assignment[] {
  const what = `${target.scope} ${target.name}`.trim()
  return settings(section, isPresent(node) ? node : undefined, what).flatMap((setting) => {
    const { key, place, value } = setting
    if (key === target.except || !isPresent(value)) return []
    const { fields, later } = target.words
    const word = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (word === undefined) {
      const known = [
        ...Object.keys(fields),
        ...(target.except === undefined ? [] : [target.except]),
      ]
      reportWord(section, setting, { known, later })
      return []
    }
    const result = word.read(section, setting)
    if (result === undefined) return []
    const rank = section.rank + (word.field === 'group' ? RANK_OF_OWN_WORD : 0)
    return [
      { scope: target.scope, name: target.name, field: word.field, value: result, rank, place },
    ]
  })
}

function readGroup(section: Section, { key: group, value: node }: Setting): Assignment[] {
  const target = { ...at('group', group), words: GROUP, except: 'functions' }
  const members = items(section, child(section, node, 'functions'), `functions of group ${group}`)
  return [
    ...readFields(section, node, target),
    ...members.flatMap((pattern) => readMember(section, group, pattern)),
  ]
}

/** `extract*` in a group's `functions`. */
function readMember(section: Section, group: string, node: Node): Assignment[] {
  const pattern = exactText(section, node, `functions of group ${group}`)
  if (pattern === undefined) return []
  const matching = section.functions.filter((each) => matches(pattern, each))
  if (matching.length === 0) reportNoFunction(section, pattern, node.place)
  return matching.map((each) => ({
    ...at('function', each.name),
    field: 'group',
    value: group,
    rank: section.rank,
    place: node.place,
  }))
}

function readFunction(section: Section, { key, place, value }: Setting): Assignment[] {
  const named = section.functions.filter((each) => each.key === key || each.name === key)
  if (named.length === 0) reportNoFunction(section, key, place)
  return named.flatMap((each) =>
    readFields(section, value, { ...at('function', each.name), words: FUNCTION }),
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

function reportWord(
  section: Section,
  { key, place }: Setting,
  words: { readonly known: readonly string[]; readonly later: readonly string[] },
): void {
  if (words.later.includes(key)) {
    section.report.note(place, `${key} is not enforced yet`)
    return
  }
  const all = [...words.known, ...words.later]
  const guess = didYouMean(key, all)
  const hint = guess === '' ? `; expected one of ${words.known.join(', ')}` : guess
  section.report.error(place, `unknown key "${key}"${hint}`)
}

/** `trustedProxies`: addresses and CIDR ranges whose `X-Forwarded-For` is believed. */
export function readTrustedProxies(section: Section): string[] {
  const list = items(section, child(section, section.node, 'trustedProxies'), 'trustedProxies')
  return list.flatMap((item) => {
    const range = exactText(section, item, 'trustedProxies')
    if (range === undefined || isRange(range)) return range ?? []
    return expected(section, item, 'an address or a range such as 10.0.0.0/8') ?? []
  })
}

function isRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}
