import { SpillwayError } from '../lib/errors.ts'
import type { Listen } from '../lib/listen.ts'
import type { AwsKey } from './aws-keys.ts'

/** What decides whether a listener may be reachable from elsewhere. */
export interface Exposure {
  readonly listen?: { readonly aws?: Listen; readonly admin?: Listen }
  readonly adminToken?: string
  readonly awsKeys?: readonly AwsKey[]
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/**
 * Whoever reaches the AWS endpoint or the admin listener can run and change everything.
 * @throws {SpillwayError} SPILLWAY_EXPOSED when one of them is to be reachable without credentials.
 */
export function refuseExposure({ listen = {}, adminToken, awsKeys = [] }: Exposure): void {
  if (isExposed(listen.aws) && awsKeys.length === 0) {
    const rule =
      'needs SPILLWAY_AWS_KEYS, whose holders sign their requests, or bind it to 127.0.0.1'
    throw new SpillwayError('SPILLWAY_EXPOSED', `the AWS endpoint on ${listen.aws?.host} ${rule}`)
  }
  if (isExposed(listen.admin) && adminToken === undefined) {
    const rule = 'needs SPILLWAY_ADMIN_TOKEN, or bind it to 127.0.0.1'
    throw new SpillwayError(
      'SPILLWAY_EXPOSED',
      `the admin listener on ${listen.admin?.host} ${rule}`,
    )
  }
}

function isExposed(where: Listen | undefined): boolean {
  return !LOOPBACK.has(where?.host ?? '127.0.0.1')
}
