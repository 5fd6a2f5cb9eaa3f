/** What causes invocations that nobody waits for. */
export type Cause = 'schedule' | 'notification'

/**
 * Has a function run for an event, by and by. Resolves once that can no longer be lost; rejects
 * where it could not be taken, and then the function does not run for it.
 */
export type Fire = (functionName: string, eventJson: string, cause: Cause) => Promise<void>
