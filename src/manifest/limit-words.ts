import { parseDurationMs } from '../lib/duration.ts'
import { didYouMean } from '../lib/suggest.ts'
import { PRIORITIES } from '../model/limits.ts'
import {
  exactText,
  expected,
  items,
  oneOf,
  settings,
  wholeNumber,
  type Reading,
  type Setting,
} from './read.ts'
import { isPresent } from './tree.ts'

/** A value that a word gives to a field of `LimitsConfig`; a word with parts gives several. */
export interface Written {
  /** As in `LimitsConfig`, with a dot inside: `headroom.batch`, `tags.orders-db`. */
  readonly field: string
  readonly value: number | string
  readonly place: Setting['place']
}

/** Reads a word's value; nothing, and an error, where it is wrong. */
type Word = (reading: Reading, setting: Setting) => readonly Written[]

/** The words that somebody's limits may have. */
export interface Words {
  readonly known: Readonly<Record<string, Word>>
  /** Words that are known, and not enforced yet. */
  readonly later: readonly string[]
}

/** Lambda Managed Instances' own bound (awsdocs, PerExecutionEnvironmentMaxConcurrency). */
export const ENVIRONMENT_CONCURRENCY_MAX = 1600

function wordOf(
  field: string,
  read: (reading: Reading, setting: Setting) => number | string | undefined,
): Word {
  return (reading, setting) => {
    const value = read(reading, setting)
    return value === undefined ? [] : [{ field, value, place: setting.place }]
  }
}

function count(field: string, min = 0, max = Infinity): Word {
  return wordOf(field, (reading, { key, value }) => wholeNumber(reading, value, key, { min, max }))
}

function duration(field: string): Word {
  return wordOf(field, (reading, { key, value }) => {
    const ms = value.kind === 'scalar' ? parseDurationMs(value.value) : undefined
    return ms ?? expected(reading, value, `${key} to be a duration such as 250ms, 2s or 15m`)
  })
}

/** A map of counts, by words of its own: `headroom: { batch: 100 }`. */
function counts(field: string, mins: Readonly<Record<string, number>>): Word {
  return (reading, { key: word, value: map }) =>
    settings(reading, map, word).flatMap((setting) => {
      const { key, place, value } = setting
      if (!isPresent(value)) return []
      const min = Object.hasOwn(mins, key) ? mins[key] : undefined
      if (min === undefined) {
        reportUnknown(reading, setting, { known: Object.keys(mins), later: [] })
        return []
      }
      const number = wholeNumber(reading, value, `${word}.${key}`, { min })
      return number === undefined ? [] : [{ field: `${field}.${key}`, value: number, place }]
    })
}

const tags: Word = (reading, { key, value }) =>
  items(reading, value, key).flatMap((item) => {
    const tag = exactText(reading, item, key)
    return tag === undefined ? [] : [{ field: `tags.${tag}`, value: tag, place: item.place }]
  })

const DELIVERIES = ['at-least-once', 'at-most-once'] as const

const headroom = counts('headroom', Object.fromEntries(PRIORITIES.map((each) => [each, 0])))
const maxConcurrency = count('maxConcurrency')

const SHARED = {
  maxConcurrency,
  guaranteedConcurrency: count('guaranteedConcurrency'),
  lend: count('lend'),
  weight: count('weight', 1),
  headroom,
  priority: wordOf('priority', (reading, { key, value }) => oneOf(reading, value, key, PRIORITIES)),
  maxWait: duration('maxWaitMs'),
}

export const ACCOUNT: Words = { known: { maxConcurrency, headroom }, later: [] }

export const GROUP: Words = {
  known: SHARED,
  later: ['tags', 'onPartition', 'perTenant', 'rate'],
}

export const TAG: Words = { known: { maxConcurrency }, later: ['onPartition'] }

export const FUNCTION: Words = {
  known: {
    ...SHARED,
    group: wordOf('group', (reading, { key, value }) => exactText(reading, value, key)),
    tags,
    reservedConcurrency: count('reservedConcurrency'),
    provisionedConcurrency: count('provisionedConcurrency'),
    perTenant: counts('perTenant', { maxConcurrency: 0, weight: 1 }),
    // Longer than Lambda's 900 s on purpose: these are one's own machines.
    timeout: duration('timeoutMs'),
    environmentConcurrency: count('environmentConcurrency', 1, ENVIRONMENT_CONCURRENCY_MAX),
    // What becomes of an event whose function was interrupted: it runs again, or never.
    delivery: wordOf('delivery', (reading, { key, value }) =>
      oneOf(reading, value, key, DELIVERIES),
    ),
  },
  later: ['onPartition', 'rate'],
}

/** Reports a word that is not known here, with the nearest one that is; a note for one of later. */
export function reportUnknown(
  { report }: Reading,
  { key, place }: Setting,
  words: { readonly known: readonly string[]; readonly later: readonly string[] },
): void {
  if (words.later.includes(key)) {
    report.note(place, `${key} is not enforced yet`)
    return
  }
  const guess = didYouMean(key, [...words.known, ...words.later])
  const hint = guess === '' ? `; expected one of ${words.known.join(', ')}` : guess
  report.error(place, `unknown key "${key}"${hint}`)
}
