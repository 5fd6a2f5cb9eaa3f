import { compileRecordFilter } from '../../bus/record-filter.ts'
import { PatternError } from '../../bus/pattern-error.ts'
import type { Problem } from '../../lib/errors.ts'
import type { QueueSource } from '../../model/background.ts'

/** What is wrong with the filter patterns of mappings, each with its place. */
export function mappingProblems(sources: readonly QueueSource[]): Problem[] {
  return sources.flatMap(({ filterPatterns, place, functionName }) =>
    filterPatterns.flatMap((pattern) => {
      const why = whyNot(pattern)
      if (why === undefined) return []
      const what = `a filter pattern of ${functionName}`
      return [{ place, message: `expected ${what} that AWS would take, got ${pattern}: ${why}` }]
    }),
  )
}

function whyNot(pattern: string): string | undefined {
  try {
    compileRecordFilter([pattern])
    return undefined
  } catch (error) {
    if (error instanceof PatternError) return error.message
    throw error
  }
}
