import { createHash } from 'node:crypto'

/**
 * Ten lower-case letters and digits for an API: the same in every run, as on AWS between deploys.
 * `what` tells the APIs of a service apart: `rest`.
 */
export function apiId(service: string, stage: string, what: string): string {
  return idOf([service, stage, what], 10)
}

/** The same for a Function URL, of the length that AWS gives it. */
export function urlId(service: string, stage: string, functionKey: string): string {
  return idOf([service, stage, 'function-url', functionKey], 32)
}

function idOf(parts: readonly string[], length: number): string {
  const digest = createHash('sha256').update(parts.join('\n')).digest('hex')
  return BigInt(`0x${digest}`).toString(36).slice(0, length)
}
