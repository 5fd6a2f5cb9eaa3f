import type { SqsRecord } from './record.ts'

/** Makes a test of an event pattern, which is JSON. */
export type CompilePattern = (pattern: string) => (event: unknown) => boolean

/**
 * Which records a mapping's filter criteria let through: those that match one of the patterns. A
 * pattern whose `body` is an object looks into bodies that are JSON and keeps out all others; one whose
 * `body` is a list looks at the text, and keeps out JSON (awsdocs, "Using event filtering with an
 * Amazon SQS event source").
 */
export function toFilter(
  patterns: readonly string[],
  compile: CompilePattern,
): (record: SqsRecord) => boolean {
  if (patterns.length === 0) return () => true
  const tests = patterns.map((pattern) => ({ form: formOf(pattern), matches: compile(pattern) }))
  return (record) => {
    const json = toJson(record.body)
    return tests.some(({ form, matches }) => {
      if (form === 'any') return matches(record)
      if (form === 'text') return json === undefined && matches(record)
      return json !== undefined && matches({ ...record, body: json })
    })
  }
}

function formOf(pattern: string): 'json' | 'text' | 'any' {
  const { body } = JSON.parse(pattern) as { readonly body?: unknown }
  if (body === undefined) return 'any'
  return Array.isArray(body) ? 'text' : 'json'
}

/** Objects and lists; that a number is JSON too helps nobody. */
function toJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
