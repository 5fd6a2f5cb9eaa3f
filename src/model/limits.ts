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
  /**
   * `aws`: Lambda's own rules and no others. Reserved and provisioned concurrency and the account's
   * maximum count, its request and scaling rates hold, and nobody waits. Default `spillway`.
   */
  readonly mode?: 'spillway' | 'aws'
  readonly account: AccountLimits
  /** By group name. A function without a group belongs to the group named as its service. */
  readonly groups: Readonly<Record<string, GroupLimits>>
  /** Caps over any set of functions, by tag name. A function may have several, of any groups. */
  readonly tags?: Readonly<Record<string, TagLimits>>
  /** By deployed function name. */
  readonly functions: Readonly<Record<string, FunctionLimits>>
}

/** Slots that a priority may not use: they stay free for a surge of the others. */
export type Headroom = Readonly<Partial<Record<Priority, number>>>

export interface AccountLimits {
  /** Default 1000, as on AWS; here anybody may raise it. */
  readonly maxConcurrency: number
  readonly headroom?: Headroom
}

export interface TagLimits {
  readonly maxConcurrency: number
}

export interface GroupLimits {
  /** Hard ceiling over the group's functions; takes nothing away from anyone. */
  readonly maxConcurrency?: number
  /** Slots the group can always have, whatever others do. */
  readonly guaranteedConcurrency?: number
  /** How many of the guaranteed slots others may use while they are idle. Default 0. */
  readonly lend?: number
  /** Share among those of the same priority that wait at the same limit. Default 1. */
  readonly weight?: number
  readonly headroom?: Headroom
  readonly priority?: Priority
  /** Longest wait for limits. Default: see `defaultMaxWaitMs` in the invoke room. */
  readonly maxWaitMs?: number
}

export interface FunctionLimits extends GroupLimits {
  readonly group: string
  /** AWS's meaning exactly: a guarantee and a ceiling at once. 0 switches the function off. */
  readonly reservedConcurrency?: number
  /** Environments kept warm; a guarantee of that size goes with them. */
  readonly provisionedConcurrency?: number
  /** Names of `LimitsConfig.tags`. */
  readonly tags?: readonly string[]
  /** What each tenant (`X-Amz-Tenant-Id`) may have of this function. */
  readonly perTenant?: TenantLimits
  /** Of each event source mapping, by its name: SQS's `MaximumConcurrency`. */
  readonly sources?: Readonly<Record<string, { readonly maxConcurrency?: number }>>
  /** Of published versions and aliases, by qualifier. */
  readonly versions?: Readonly<Record<string, { readonly provisionedConcurrency: number }>>
}

export interface TenantLimits {
  readonly maxConcurrency?: number
  readonly weight?: number
}

/** The account's ceiling where nothing is written: AWS's default quota. */
export const DEFAULT_ACCOUNT_MAX_CONCURRENCY = 1000
