import type { Outcome } from './invocation.ts'

/**
 * Whether a function was never asked, and through no fault of its own: what came out of a queue then
 * goes back as if it had never been taken.
 */
export function wasNotTried({ handlerStarted, status }: Outcome): boolean {
  if (handlerStarted) return false
  return status === 'platform_error' || status === 'throttled' || status === 'cancelled'
}
