import type { IncomingHttpHeaders } from 'node:http'
import { invalidMember } from './errors.ts'

const CHARS_MAX = 256
const PATTERN = /^[a-zA-Z0-9._:/=+\-@ ]+$/
const PATTERN_RULE = String.raw`Member must satisfy regular expression pattern: [a-zA-Z0-9\._:\/=+\-@ ]+`

/**
 * Reads `X-Amz-Tenant-Id` (AWS: 1 to 256 characters).
 * @throws {LambdaError}
 */
export function tenantOf({ 'x-amz-tenant-id': given }: IncomingHttpHeaders): string | undefined {
  if (given === undefined) return undefined
  const tenant = String(given)
  if (tenant.length > CHARS_MAX) {
    const rule = `Member must have length less than or equal to ${CHARS_MAX}`
    throw invalidMember(tenant, 'tenantId', rule)
  }
  if (tenant === '') {
    throw invalidMember(tenant, 'tenantId', 'Member must have length greater than or equal to 1')
  }
  if (!PATTERN.test(tenant)) throw invalidMember(tenant, 'tenantId', PATTERN_RULE)
  return tenant
}
