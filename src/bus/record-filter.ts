import { isObject } from './operators.ts'
import { PatternError } from './pattern-error.ts'
import { compilePattern } from './pattern.ts'

/** A record of an event source mapping, as far as filters look into it. */
export interface FilteredRecord {
  readonly body: string
}

/**
 * Which records a mapping's filter criteria let through: those that match one of the patterns, or all
 * where there is none. A pattern whose `body` is an object looks into bodies that are JSON and keeps out
 * all others; one whose `body` is a list looks at the text, and keeps out JSON (awsdocs, "Using event
 * filtering with an Amazon SQS event source"). That a number is JSON, too, counts for nothing.
 * @throws {PatternError}
 */
export function compileRecordFilter(
  patterns: readonly string[],
): (record: FilteredRecord) => boolean {
  if (patterns.length === 0) return () => true
  const tests = patterns.map(compileOne)
  return (record) => tests.some((matches) => matches(record))
}

function compileOne(text: string): (record: FilteredRecord) => boolean {
  const given = parse(text)
  if (!isObject(given)) throw new PatternError('Filter is not an object')
  const pattern = compilePattern(given)
  const { body } = given
  if (body === undefined) return (record) => pattern.matches(record)
  const looksAtText = Array.isArray(body)
  return (record) => {
    const parsed = parse(record.body)
    const data = typeof parsed === 'object' && parsed !== null ? parsed : undefined
    if (looksAtText) return data === undefined && pattern.matches(record)
    return data !== undefined && pattern.matches({ ...record, body: data })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
