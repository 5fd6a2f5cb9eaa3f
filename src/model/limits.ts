/**
 * Order among those who wait, first to last. By default it follows from how the invocation came:
 * HTTP and `RequestResponse` interactive; `Event` invokes, schedules and notifications async;
 * queue batches batch. It never comes from a client.
 */
export type Priority = 'interactive' | 'async' | 'batch'

/** The priorities, first to last. */
export const PRIORITIES: readonly Priority[] = ['interactive', 'async', 'batch']

/** What a user writes in `spillway.yml` about who may run, resolved. Counts are invocations. */
export interface LimitsConfig {
  readonly account: AccountLimits
  /** By group name. A function without a group belongs to the group named as its service. */
  readonly groups: Readonly<Record<string, GroupLimits>>
  /** By deployed function name. */
  readonly functions: Readonly<Record<string, FunctionLimits>>
}

export interface AccountLimits {
  /** Default 1000, as on AWS; here anybody may raise it. */
  readonly maxConcurrency: number
}

export interface GroupLimits {
  /** Hard ceiling over the group's functions; takes nothing away from anyone. */
  readonly maxConcurrency?: number
  /** Slots the group can always have, whatever others do. */
  readonly guaranteedConcurrency?: number
  readonly priority?: Priority
  /** Longest wait for limits. Default: see `defaultMaxWaitMs` in the invoke room. */
  readonly maxWaitMs?: number
}

export interface FunctionLimits extends GroupLimits {
  readonly group: string
  /** AWS's meaning exactly: a guarantee and a ceiling at once. 0 switches the function off. */
  readonly reservedConcurrency?: number
}

/** The account's ceiling where nothing is written: AWS's default quota. */
export const DEFAULT_ACCOUNT_MAX_CONCURRENCY = 1000
