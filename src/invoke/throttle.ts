import type { Blocked } from '../gate/refusal.ts'

/**
 * AWS's word for what was in the way: an enum of six values that Java and Terraform know as closed.
 * It has none for a group or a tag, nor for a maximum that reserves nothing; these are the nearest.
 */
export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'FunctionInvocationRateLimitExceeded'
  | 'ReservedFunctionInvocationRateLimitExceeded'

export function throttleReason({ scope, why }: Blocked): ThrottleReason {
  const isShared = scope === 'account' || scope === 'group' || scope === 'tag'
  if (why === 'rate') {
    return isShared
      ? 'FunctionInvocationRateLimitExceeded'
      : 'ReservedFunctionInvocationRateLimitExceeded'
  }
  return isShared
    ? 'ConcurrentInvocationLimitExceeded'
    : 'ReservedFunctionConcurrentInvocationLimitExceeded'
}

/** For `Retry-After`, in whole seconds. */
export function retryAfterS({ retryAfterMs }: Blocked): number {
  return Math.ceil(retryAfterMs / 1000)
}
