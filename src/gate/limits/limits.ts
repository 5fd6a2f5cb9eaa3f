import { SpillwayError } from '../../lib/errors.ts'
import type { LimitScope } from '../../model/in-force.ts'
import { findFaults } from '../../model/limit-faults.ts'
import type { LimitsConfig } from '../../model/limits.ts'

/** One live change of a limit: `account=200`, `group:etl.guaranteedConcurrency=20`, `fn:report=5`. */
export interface LimitChange {
  readonly scope: LimitScope
  /** Group, tag or deployed function name; `function:qualifier`; empty for the account. */
  readonly name: string
  readonly field: LimitField
  /** A count, a weight, or milliseconds; null takes the limit away. */
  readonly value: number | null
}

/** The limits that can be changed while running. */
export type LimitField =
  | 'maxConcurrency'
  | 'guaranteedConcurrency'
  | 'reservedConcurrency'
  | 'provisionedConcurrency'
  | 'lend'
  | 'weight'
  | 'maxWaitMs'
  | 'headroom.interactive'
  | 'headroom.async'
  | 'headroom.batch'

const HEADROOM = ['headroom.interactive', 'headroom.async', 'headroom.batch'] as const
const OF_GROUPS = [
  'maxConcurrency',
  'guaranteedConcurrency',
  'lend',
  'weight',
  'maxWaitMs',
  ...HEADROOM,
] as const

/** Which limits there are of whom. */
export const LIMIT_FIELDS: Readonly<Record<LimitScope, readonly LimitField[]>> = {
  account: ['maxConcurrency', ...HEADROOM],
  group: OF_GROUPS,
  tag: ['maxConcurrency'],
  function: [...OF_GROUPS, 'reservedConcurrency', 'provisionedConcurrency'],
  version: ['provisionedConcurrency'],
}

/** Who can change limits live, and see them. The admin API, the CLI and the Lambda API use it. */
export interface LimitsControl {
  current(): LimitsConfig
  /**
   * Checks all changes, then makes them at once, or none. A function may be named by its key in the
   * manifest where only one has it.
   * @throws {SpillwayError} SPILLWAY_LIMITS with the sum that does not fit, in words, or where what is
   *   to survive a restart cannot be written down.
   */
  change(changes: readonly LimitChange[], by: string, how?: ChangeHow): readonly LimitChanged[]
}

/** How long a change is to hold. Without either: until the next restart. */
export interface ChangeHow {
  /** It is taken back after so long. */
  readonly forMs?: number
  /** It survives a restart. */
  readonly save?: boolean
}

/** A change that was made. */
export interface LimitChanged extends LimitChange {
  /** What held before. */
  readonly from: number | null
}

/**
 * Checks that every guarantee can be kept: none above its own ceiling, and no sum above its parent's.
 * @throws {SpillwayError} SPILLWAY_LIMITS with the sums that do not fit.
 */
export function checkLimits(config: LimitsConfig): void {
  const faults = findFaults(config)
  if (faults.length === 0) return
  const message = faults.map((fault) => fault.message).join('\n')
  throw new SpillwayError('SPILLWAY_LIMITS', message)
}
