import type { Clock } from '../lib/clock.ts'
import type { LimitsControl } from '../gate/limits.ts'
import type { Invoker } from '../invoke/invocation.ts'
import type { App } from '../model/app.ts'

/** What the AWS endpoint speaks for. */
export interface AwsOptions {
  /** The App that is served now: a reload puts another in its place. */
  readonly app: () => App
  readonly invoker: Invoker
  readonly limits: LimitsControl
  readonly clock: Clock
  /** A bug of ours met by a request, which was answered with a 500. Default: nobody is told. */
  readonly onError?: (error: unknown) => void
}
