import type { Place, Problem } from '../lib/errors.ts'
import type { Background } from '../model/app.ts'
import { compileFilterPolicy } from './filter-policy.ts'
import { PatternError } from './pattern-error.ts'
import { parsePattern } from './pattern.ts'
import { compileTargetInput, InputError } from './target-input.ts'

/** What is wrong with the patterns, filter policies and inputs of rules and subscriptions, each with its place. */
export function notificationProblems({ rules, subscriptions }: Background): Problem[] {
  return [
    ...rules.flatMap(({ place, pattern }) => attempt(place, () => parsePattern(pattern))),
    ...rules.flatMap((rule) => attempt(rule.place, () => compileTargetInput(rule))),
    ...subscriptions.flatMap(({ place, filterPolicy, filterScope }) =>
      filterPolicy === undefined
        ? []
        : attempt(place, () => compileFilterPolicy(filterPolicy, filterScope)),
    ),
  ]
}

function attempt(place: Place, compile: () => unknown): Problem[] {
  try {
    compile()
    return []
  } catch (error) {
    if (error instanceof PatternError) {
      return [
        {
          place,
          message: `expected a pattern that AWS accepts, got one of which it says: ${error.message}`,
        },
      ]
    }
    if (error instanceof InputError)
      return [{ place, message: `expected an input, got: ${error.message}` }]
    throw error
  }
}
