import { writeDuration } from '../../lib/duration.ts'
import type { LimitChange, LimitField } from './limits.ts'

/** `group:etl.guaranteedConcurrency`: a limit as the CLI names it. */
export function nameOfLimit({ scope, name, field }: Omit<LimitChange, 'value'>): string {
  const prefix = scope === 'function' || scope === 'version' ? 'fn' : scope
  const owner = scope === 'account' ? 'account' : `${prefix}:${name}`
  return field === 'maxConcurrency' ? owner : `${owner}.${wordOf(field)}`
}

/** A field as users write it. */
export function wordOf(field: LimitField): string {
  return field === 'maxWaitMs' ? 'maxWait' : field
}

/** A limit's value for people: `20`, `2s`, `none`. */
export function describeValue(field: LimitField, value: number | null): string {
  if (value === null) return 'none'
  return field === 'maxWaitMs' ? writeDuration(value) : String(value)
}
