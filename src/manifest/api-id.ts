import { createHash } from 'node:crypto'
import type { HttpApi } from '../model/app.ts'

/** Ten lower-case letters and digits for an API: the same in every run, as on AWS between deploys. */
export function apiId(service: string, stage: string, front: HttpApi['front']): string {
  const digest = createHash('sha256').update(`${service}\n${stage}\n${front}`).digest('hex')
  return BigInt(`0x${digest}`).toString(36).slice(0, 10)
}
