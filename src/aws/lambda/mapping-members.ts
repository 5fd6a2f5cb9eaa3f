import type { NewMapping } from '../../queue/mappings.ts'
import { PatternError } from '../../bus/pattern-error.ts'
import { compileRecordFilter } from '../../bus/record-filter.ts'
import { invalidMember, invalidParameter } from './errors.ts'
import {
  optionalCount,
  optionalFlag,
  optionalList,
  optionalObject,
  optionalText,
  type Members,
} from './request-body.ts'

/** AWS's number of patterns that a mapping may have, without asking for more. */
const FILTERS_MAX = 5

/**
 * What a request says of how a mapping works.
 * @throws {LambdaError}
 */
export function mappingChanges(members: Members): Partial<NewMapping> {
  const enabled = optionalFlag(members, 'Enabled')
  const batchSize = optionalCount(members, 'BatchSize', { min: 1, max: 10_000 })
  const windowS = optionalCount(members, 'MaximumBatchingWindowInSeconds', { min: 0, max: 300 })
  const types = optionalList(members, 'FunctionResponseTypes')
  const filters = optionalObject(members, 'FilterCriteria')
  const scaling = optionalObject(members, 'ScalingConfig')
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(windowS === undefined ? {} : { windowMs: windowS * 1000 }),
    ...(types === undefined ? {} : { partialFailures: isPartial(types) }),
    ...(filters === undefined ? {} : { filterPatterns: patternsOf(filters) }),
    ...(scaling === undefined ? {} : maxConcurrencyOf(scaling)),
  }
}

function isPartial(types: readonly unknown[]): boolean {
  for (const type of types) {
    if (type === 'ReportBatchItemFailures') continue
    throw invalidMember(
      `[${types.join(', ')}]`,
      'functionResponseTypes',
      'Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]',
    )
  }
  return types.length > 0
}

function patternsOf(criteria: Members): string[] {
  const filters = (optionalList(criteria, 'Filters') ?? []) as Members[]
  if (filters.length > FILTERS_MAX) {
    const rule = `Member must have length less than or equal to ${FILTERS_MAX}`
    throw invalidMember(JSON.stringify(filters), 'filterCriteria.filters', rule)
  }
  const patterns = filters.flatMap((filter) => optionalText(filter, 'Pattern') ?? [])
  try {
    compileRecordFilter(patterns)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw invalidParameter('Invalid filter pattern definition.')
  }
  return patterns
}

/** An empty one takes the limit away. */
function maxConcurrencyOf(scaling: Members): Partial<NewMapping> {
  const maxConcurrency = optionalCount(scaling, 'MaximumConcurrency', {
    min: 2,
    max: 1000,
    member: 'scalingConfig.maximumConcurrency',
  })
  return { maxConcurrency } as Partial<NewMapping>
}
