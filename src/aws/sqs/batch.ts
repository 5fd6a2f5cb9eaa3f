import { batchError, invalidValue, SqsError } from './errors.ts'
import type { Params, Result } from './operation.ts'
import { optionalText } from './values.ts'

/** One entry of a batch. */
export interface Entry {
  readonly id: string
  readonly params: Params
}

const ENTRIES_MAX = 10

/** @throws {SqsError} for what refuses a batch as a whole. */
export function entriesOf(params: Params, element: string): Entry[] {
  const given = params['Entries'] ?? []
  if (!Array.isArray(given)) throw invalidValue('Entries must be a list.')
  if (given.length === 0) {
    throw batchError('EmptyBatchRequest', `There should be at least one ${element} in the request.`)
  }
  if (given.length > ENTRIES_MAX) {
    throw batchError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${ENTRIES_MAX}. You have sent ${given.length}.`,
    )
  }
  const entries = (given as Params[]).map((each) => ({
    id: optionalText(each, 'Id') ?? '',
    params: each,
  }))
  const seen = new Set<string>()
  for (const { id } of entries) {
    if (!/^[\w-]{1,80}$/.test(id)) {
      throw batchError(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      )
    }
    if (seen.has(id)) throw batchError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`)
    seen.add(id)
  }
  return entries
}

/** Each entry read, or the reason why that one is refused. */
export function readEach<T>(
  entries: readonly Entry[],
  read: (params: Params) => T,
): { readonly good: { id: string; value: T }[]; readonly failed: Result[] } {
  const good: { id: string; value: T }[] = []
  const failed: Result[] = []
  for (const { id, params } of entries) {
    try {
      good.push({ id, value: read(params) })
    } catch (error) {
      if (!(error instanceof SqsError)) throw error
      failed.push(failureOf(id, error))
    }
  }
  return { good, failed }
}

export function failureOf(id: string, { code, message, isSenders }: SqsError): Result {
  // In batches what is missing counts as invalid (recorded 2025-12).
  const shown = code === 'MissingParameter' ? 'InvalidParameterValue' : code
  return { Id: id, SenderFault: isSenders, Code: shown, Message: message }
}

/** What is empty is not there. */
export function batchResult(successful: readonly Result[], failed: readonly Result[]): Result {
  return {
    ...(successful.length === 0 ? {} : { Successful: successful }),
    ...(failed.length === 0 ? {} : { Failed: failed }),
  }
}
