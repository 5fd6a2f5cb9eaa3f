import { parseDurationMs } from '../lib/duration.ts'
import { SpillwayError } from '../lib/errors.ts'
import { didYouMean } from '../lib/suggest.ts'
import { wordOf } from '../gate/limits/limit-words.ts'
import { LIMIT_FIELDS, type LimitChange, type LimitField } from '../gate/limits/limits.ts'

const FIELDS = new Map(
  Object.values(LIMIT_FIELDS)
    .flat()
    .map((field) => [wordOf(field), field]),
)
const OWNER = /^(?:(account)|(group|tag|fn):([^=]+?))$/
const SCOPES = { group: 'group', tag: 'tag', fn: 'function' } as const

/**
 * One change as people write it: `account=200`, `group:api.maxWait=2s`, `fn:report=none`.
 * @throws {SpillwayError} SPILLWAY_USAGE, with the forms there are.
 */
export function parseChange(text: string): LimitChange {
  const at = text.indexOf('=')
  if (at < 0) throw wrong(text)
  const { owner, field } = splitField(text.slice(0, at), text)
  const [, account, prefix, name = ''] = OWNER.exec(owner) ?? []
  if (account === undefined && prefix === undefined) throw wrong(text)
  const value = parseValue(text.slice(at + 1), field, text)
  if (account !== undefined) return { scope: 'account', name: '', field, value }
  const scope = SCOPES[prefix as keyof typeof SCOPES]
  // `fn:report:live` is AWS's own way to name a version or an alias.
  const isVersion = scope === 'function' && name.includes(':')
  return { scope: isVersion ? 'version' : scope, name, field, value }
}

/** Group and tag names may have dots in them, so the field is what stands after the last that fits. */
function splitField(left: string, text: string): { owner: string; field: LimitField } {
  for (const [word, field] of FIELDS) {
    if (left.endsWith(`.${word}`)) return { owner: left.slice(0, -word.length - 1), field }
  }
  const dot = left.indexOf('.')
  const rest = left.slice(dot + 1)
  const guess = dot < 0 ? '' : didYouMean(rest, FIELDS.keys())
  const mayHaveDots = /^(?:group|tag):/.test(left)
  if (dot >= 0 && (guess !== '' || !mayHaveDots)) throw wrong(text, ` no field "${rest}"${guess};`)
  return { owner: left, field: 'maxConcurrency' }
}

function parseValue(value: string, field: LimitField, text: string): number | null {
  if (value === 'none') return null
  const number =
    field === 'maxWaitMs' ? parseDurationMs(value) : /^\d+$/.test(value) ? Number(value) : undefined
  if (number !== undefined && Number.isSafeInteger(number)) return number
  throw wrong(text)
}

function wrong(text: string, why = ''): SpillwayError {
  const words = [...FIELDS.keys()].join(', ')
  return new SpillwayError(
    'SPILLWAY_USAGE',
    `cannot read "${text}":${why} expected account=200, group:etl=20, tag:orders-db=40, fn:report=5, or a field as in group:api.maxWait=2s (${words}); "none" takes a limit away`,
  )
}
