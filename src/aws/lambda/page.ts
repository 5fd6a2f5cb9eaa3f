import { invalidMember } from './errors.ts'

/** AWS's page, however much more a caller asks for. */
const PAGE_MAX = 50
const MAX_ITEMS_MAX = 10_000

/** One page of a list, and where the next one begins. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Absent at the end. */
  readonly nextMarker?: string
}

/**
 * Cuts a page out of a list by `Marker` and `MaxItems`. The list is in the order of `keyOf`, and a
 * marker names the last of its page, so that it stays good when something comes or goes in between.
 * @throws {LambdaError}
 */
export function pageOf<T>(
  query: URLSearchParams,
  all: readonly T[],
  keyOf: (item: T) => string,
): Page<T> {
  const after = fromMarker(query.get('Marker'))
  const size = Math.min(PAGE_MAX, maxItemsOf(query.get('MaxItems')))
  const rest = all.filter((item) => keyOf(item) > after)
  const items = rest.slice(0, size)
  const last = items.at(-1)
  if (rest.length <= size || last === undefined) return { items }
  return { items, nextMarker: Buffer.from(keyOf(last)).toString('base64url') }
}

function maxItemsOf(given: string | null): number {
  if (given === null) return PAGE_MAX
  const count = Number(given)
  if (Number.isInteger(count) && count >= 1 && count <= MAX_ITEMS_MAX) return count
  const bound =
    count > MAX_ITEMS_MAX ? `less than or equal to ${MAX_ITEMS_MAX}` : 'greater than or equal to 1'
  throw invalidMember(given, 'maxItems', `Member must have value ${bound}`)
}

function fromMarker(marker: string | null): string {
  return marker === null ? '' : Buffer.from(marker, 'base64url').toString()
}
