/** A token bucket, as API Gateway's: `burst` at once, refilled at `rate` a second. */
export interface Throttle {
  /** Requests a second; may be less than one. */
  readonly rate: number
  readonly burst: number
}

/** What is said to a request with a rate limit while Redis cannot be asked. */
export type OnRedisDown =
  /** Each process counts for itself, up to the whole limit. */
  | 'local'
  /** All are let through. */
  | 'open'
  /** None is. */
  | 'closed'

/** How many requests a key may make in each calendar period (UTC). */
export interface Quota {
  readonly limit: number
  readonly period: 'DAY' | 'WEEK' | 'MONTH'
  /**
   * How many days after Sunday, or after the first of the month, a period begins. 0 for days.
   * API Gateway holds it to 0, 0 to 6 and 0 to 27; its reference says something else.
   */
  readonly offset: number
}

/** What the holders of some API keys may ask for; REST only. */
export interface UsagePlan {
  readonly name: string
  readonly keys: readonly ApiKey[]
  /** Of each key. */
  readonly throttle?: Throttle
  readonly quota?: Quota
}

export interface ApiKey {
  readonly name: string
  readonly value: string
}

/** Which other origins' pages may call an API, as HTTP APIs and Function URLs answer it. */
export interface Cors {
  /** `*` is any. */
  readonly allowOrigins: readonly string[]
  readonly allowMethods: readonly string[]
  readonly allowHeaders: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly allowCredentials: boolean
  readonly maxAgeS?: number
}

/** What a preflight of one path of a REST API is answered with: frameworks add a mock OPTIONS method. */
export interface Preflight {
  readonly path: string
  readonly status: number
  /** `[name, value, …]`. */
  readonly rawHeaders: readonly string[]
  /** With `*` for any characters: one that asks and is among them is the allowed origin. */
  readonly origins?: readonly string[]
}

/** What a request must have before it reaches the function; REST only. */
export interface RequestValidation {
  /** Parameters that must be there, in AWS's words: `method.request.querystring.id`. */
  readonly required: readonly string[]
  /** JSON Schema (draft 4) of the body, by media type. */
  readonly schemas: Readonly<Record<string, unknown>>
}

/**
 * When a load balancer's listener sends a request to a function: every condition has to hold, and one
 * of the values of each. No values: no condition. `*` and `?` are wildcards in all but methods and
 * addresses.
 */
export interface ListenerRule {
  /** The listener's ARN, or whatever names it; each has priorities of its own. */
  readonly listener: string
  /** 1 to 50000; the lowest is looked at first. */
  readonly priority: number
  /** In any case. */
  readonly hosts: readonly string[]
  readonly paths: readonly string[]
  readonly methods: readonly string[]
  /** CIDR blocks. */
  readonly sourceIps: readonly string[]
  /** Each is a condition of its own. */
  readonly headers: readonly HeaderCondition[]
  /** Each list is a condition of its own: one of its pairs has to be there. */
  readonly queries: readonly (readonly QueryPair[])[]
}

export interface HeaderCondition {
  readonly name: string
  /** In any case. */
  readonly values: readonly string[]
}

/** In any case. */
export interface QueryPair {
  readonly key: string
  readonly value: string
}
