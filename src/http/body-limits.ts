import type { HttpApi } from '../model/app.ts'

/** API Gateway's limit, of both kinds of API. */
const GATEWAY_BYTES_MAX = 10 * 1024 * 1024
/** elb guide, "Lambda functions as targets": 1 MB. */
const ALB_BYTES_MAX = 1024 * 1024

/** How long a request's body may be. A Function URL also looks at the whole event (`eventSizeGuard`). */
export function bodyBytesMax(front: HttpApi['front']): number {
  return front === 'alb' ? ALB_BYTES_MAX : GATEWAY_BYTES_MAX
}

/** Lambda's own limit for a response that is not streamed: 6 MiB and 100 bytes. */
const LAMBDA_BYTES_MAX = 6_291_556

/** How long an answer may be that was streamed, and is sent as a whole. */
export function collectedBytesMax(front: HttpApi['front']): number {
  return front === 'alb' ? ALB_BYTES_MAX : LAMBDA_BYTES_MAX
}
